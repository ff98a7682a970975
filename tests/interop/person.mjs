// Somebody on a server built with Fedify: its own WebFinger, keys, signatures and reading of documents.
//
// One rule: nothing here knows about Folkmoot. What Fedify does not verify, its inbox listeners never see.

import { createServer } from 'node:http';
import { once } from 'node:events';

globalThis.navigator ??= { userAgent: 'Node.js' };

const { createFederation, generateCryptoKeyPair, MemoryKvStore } = await import('@fedify/fedify');
const {
  Accept, Announce, Create, Endpoints, Follow, Join, Leave, Mention, Note, Person, PUBLIC_COLLECTION, Reject, Undo,
} = await import('@fedify/vocab');

/** How long anything that must happen may take, in milliseconds. */
const LIMIT = 30_000;

/**
 * Starts a server with one person on it.
 *
 * - `software`: what its NodeInfo says that it is.
 * - `firstKnock`: the signature scheme that it tries first.
 */
export async function settle(name, { software, firstKnock }) {
  const http = createServer();
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const base = `http://127.0.0.1:${http.address().port}`;

  const rsa = await generateCryptoKeyPair('RSASSA-PKCS1-v1_5');
  const ed25519 = await generateCryptoKeyPair('Ed25519');
  const said = new Map();
  const heard = [];

  const federation = createFederation({
    kv: new MemoryKvStore(),
    origin: base,
    allowPrivateAddress: true,
    firstKnock,
  });
  federation
    .setActorDispatcher('/people/{identifier}', async (ctx, identifier) => {
      if (identifier !== name) return null;
      const keys = await ctx.getActorKeyPairs(identifier);
      return new Person({
        id: ctx.getActorUri(identifier),
        preferredUsername: identifier,
        name: identifier,
        inbox: ctx.getInboxUri(identifier),
        followers: ctx.getFollowersUri(identifier),
        endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
        publicKey: keys[0].cryptographicKey,
        assertionMethods: keys.map((key) => key.multikey),
      });
    })
    .setKeyPairsDispatcher((_, identifier) => (identifier === name ? [rsa, ed25519] : []));
  federation.setFollowersDispatcher('/people/{identifier}/followers', () => ({ items: [] }));
  federation.setNodeInfoDispatcher('/nodeinfo/2.1', () => ({
    software: { name: software, version: '1.0.0' },
    protocols: ['activitypub'],
    usage: { users: {}, localPosts: 0, localComments: 0 },
  }));
  federation.setObjectDispatcher(Note, '/notes/{id}', (_, { id }) => said.get(`notes/${id}`) ?? null);
  federation.setObjectDispatcher(Create, '/creates/{id}', (_, { id }) => said.get(`creates/${id}`) ?? null);
  const inbox = federation.setInboxListeners('/people/{identifier}/inbox', '/inbox');
  for (const type of [Accept, Reject, Announce, Undo]) {
    inbox.on(type, (_, activity) => {
      heard.push(activity);
    });
  }

  http.on('request', (request, response) => {
    serve(federation, base, request, response).catch((error) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });

  const context = () => federation.createContext(new URL(base), undefined);
  const me = () => context().getActorUri(name);
  let minted = 0;

  async function send(group, activity) {
    await context().sendActivity({ identifier: name }, group, activity, { preferSharedInbox: false });
    return activity;
  }

  return {
    name,
    base,
    heard,
    id: me(),
    /** Looks somebody up as this server does it: `acct:` by WebFinger, then the actor, signed. */
    async looksUp(handle) {
      const documentLoader = await context().getDocumentLoader({ identifier: name });
      return await context().lookupObject(handle, { documentLoader });
    },
    /** For reading documents that others sent or that they publish. */
    async loader() {
      return await context().getDocumentLoader({ identifier: name });
    },
    follows: (group) =>
      send(group, new Follow({ id: new URL(`${base}/follows/${++minted}`), actor: me(), object: group.id, to: group.id })),
    joins: (group) =>
      send(group, new Join({ id: new URL(`${base}/joins/${++minted}`), actor: me(), object: group.id, to: group.id })),
    unfollows: (group, follow) =>
      send(group, new Undo({ id: new URL(`${base}/undos/${++minted}`), actor: me(), object: follow, to: group.id })),
    leaves: (group) =>
      send(group, new Leave({ id: new URL(`${base}/leaves/${++minted}`), actor: me(), object: group.id, to: group.id })),
    async posts(group, content) {
      const id = String(++minted);
      const note = new Note({
        id: new URL(`${base}/notes/${id}`),
        attribution: me(),
        content,
        to: PUBLIC_COLLECTION,
        ccs: [group.id, context().getFollowersUri(name)],
        tags: [new Mention({ href: group.id, name: `@${group.preferredUsername}` })],
        published: globalThis.Temporal?.Now.instant(),
      });
      const create = new Create({
        id: new URL(`${base}/creates/${id}`),
        actor: me(),
        object: note,
        to: PUBLIC_COLLECTION,
        ccs: [group.id, context().getFollowersUri(name)],
      });
      said.set(`notes/${id}`, note);
      said.set(`creates/${id}`, create);
      return await send(group, create);
    },
    /** Waits until something that was heard is as asked for. */
    async hears(what, wanted) {
      const begun = Date.now();
      for (;;) {
        for (const activity of heard) if (await wanted(activity)) return activity;
        if (Date.now() - begun > LIMIT) throw new Error(`${name} never heard ${what}; heard:\n${heard.join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    stop: () => http.closeAllConnections() ?? http.close(),
  };
}

/** Node's requests and answers are not those of the web platform that Fedify speaks. */
async function serve(federation, base, request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = ['GET', 'HEAD'].includes(request.method) ? undefined : Buffer.concat(chunks);
  const headers = Object.entries(request.headers).flatMap(([key, value]) => [value].flat().map((each) => [key, each]));
  const answer = await federation.fetch(new Request(new URL(request.url, base), { method: request.method, headers, body }), {
    contextData: undefined,
  });
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

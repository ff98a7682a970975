// A server built with Fedify and whoever lives there: its own WebFinger, keys, signatures and reading of documents.
//
// One rule: nothing here knows about Folkmoot. What Fedify does not verify, its inbox listeners never see.

import { createServer } from 'node:http';
import { once } from 'node:events';

globalThis.navigator ??= { userAgent: 'Node.js' };

const { createFederation, generateCryptoKeyPair, MemoryKvStore, signRequest, verifyProof } = await import('@fedify/fedify');
const { Activity, Create, DataIntegrityProof, Endpoints, Join, Mention, Note, Person, PUBLIC_COLLECTION } = await import('@fedify/vocab');

/** How long anything that must happen may take, in milliseconds. */
const LIMIT = 30_000;

/** What others can look up here. */
const SHOWN = [Note, Create, Join];

/**
 * Starts a server with these people on it: their doings by their names, and `stop()`.
 *
 * - `software`: what its NodeInfo says that it is.
 * - `firstKnock`: the signature scheme that it tries first.
 */
export async function found(names, { software, firstKnock }) {
  const http = createServer();
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const base = `http://127.0.0.1:${http.address().port}`;
  const keys = new Map();
  for (const name of names) {
    keys.set(name, [await generateCryptoKeyPair('RSASSA-PKCS1-v1_5'), await generateCryptoKeyPair('Ed25519')]);
  }
  const said = new Map();
  const heard = [];
  /** Everything that was posted here, as it came. */
  const arrived = [];

  const federation = createFederation({ kv: new MemoryKvStore(), origin: base, allowPrivateAddress: true, firstKnock });
  federation
    .setActorDispatcher('/people/{identifier}', (ctx, identifier) => (keys.has(identifier) ? person(ctx, identifier) : null))
    .setKeyPairsDispatcher((_, identifier) => keys.get(identifier) ?? []);
  federation.setFollowersDispatcher('/people/{identifier}/followers', () => ({ items: [] }));
  federation.setNodeInfoDispatcher('/nodeinfo/2.1', () => ({
    software: { name: software, version: '1.0.0' },
    protocols: ['activitypub'],
    usage: { users: {}, localPosts: 0, localComments: 0 },
  }));
  for (const type of SHOWN) {
    federation.setObjectDispatcher(type, `/${kind(type)}/{id}`, (_, { id }) => said.get(`${base}/${kind(type)}/${id}`) ?? null);
  }
  const inbox = federation.setInboxListeners('/people/{identifier}/inbox', '/inbox');
  inbox.on(Activity, ({ recipient }, activity) => {
    heard.push({ recipient, activity });
  });

  http.on('request', (request, response) => {
    serve(federation, base, arrived, request, response).catch((error) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });

  const context = () => federation.createContext(new URL(base), undefined);
  let minted = 0;
  const mint = (type) => new URL(`${base}/${kind(type)}/${++minted}`);
  const people = names.map((name) => resident(name, { base, context, firstKnock, heard, mint, said }));
  return {
    base,
    arrived,
    ...Object.fromEntries(people.map((each) => [each.name, each])),
    stop: () => http.closeAllConnections() ?? http.close(),
  };
}

const kind = (type) => `${type.name.toLowerCase()}s`;

async function person(ctx, identifier) {
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
}

/** What somebody does and hears by way of the server where they live. */
function resident(name, { base, context, firstKnock, heard, mint, said }) {
  const id = context().getActorUri(name);
  const loader = () => context().getDocumentLoader({ identifier: name });

  /** What came to their own inbox, or for all who live here. */
  const news = () => heard.filter(({ recipient }) => recipient === null || recipient === name).map(({ activity }) => activity);

  async function send(to, activity) {
    said.set(activity.id.href, activity);
    await context().sendActivity({ identifier: name }, to, activity, { preferSharedInbox: false });
    return activity;
  }

  return {
    name,
    base,
    id,
    news,
    /** For reading, signed, documents that others sent or that they publish. */
    loader,
    /** Looks somebody or something up as this server does it: signed; `acct:` by WebFinger first. */
    async looksUp(what) {
      return await context().lookupObject(what, { documentLoader: await loader() });
    },
    /** All that is in a collection, page by page. */
    async reads(collection) {
      const documentLoader = await loader();
      const found = await context().lookupObject(collection, { documentLoader });
      if (found === null) throw new Error(`${name} cannot read ${collection}`);
      const items = [];
      for await (const item of context().traverseCollection(found, { documentLoader })) items.push(item);
      return items;
    },
    /** Sends an activity of this type to somebody. */
    does: (to, type, values) => send(to, new type({ id: mint(type), actor: id, to: to.id, ...values })),
    async posts(group, content) {
      const note = new Note({
        id: mint(Note),
        attribution: id,
        content,
        to: PUBLIC_COLLECTION,
        ccs: [group.id, context().getFollowersUri(name)],
        tags: [new Mention({ href: group.id, name: `@${group.preferredUsername}` })],
        published: globalThis.Temporal?.Now.instant(),
      });
      said.set(note.id.href, note);
      const create = { id: mint(Create), actor: id, object: note, to: PUBLIC_COLLECTION, ccs: note.ccIds };
      return await send(group, new Create(create));
    },
    /** Sends what Fedify's vocabulary has no words for, signed by Fedify all the same. */
    async submits(inbox, type, document) {
      const activity = { '@context': 'https://www.w3.org/ns/activitystreams', id: mint(type), type: type.name, actor: id, ...document };
      const request = new Request(inbox, {
        method: 'POST',
        headers: { 'content-type': 'application/activity+json' },
        body: JSON.stringify(activity),
      });
      const [{ privateKey, keyId }] = await context().getActorKeyPairs(name);
      const answer = await fetch(await signRequest(request, privateKey, keyId, { spec: firstKnock }));
      if (!answer.ok) throw new Error(`${inbox} answered ${answer.status}: ${await answer.text()}`);
      return activity;
    },
    /** Waits until something that was heard is as asked for. */
    async hears(what, wanted) {
      const begun = Date.now();
      for (;;) {
        for (const activity of news()) if (await wanted(activity)) return activity;
        if (Date.now() - begun > LIMIT) throw new Error(`${name} never heard ${what}; heard:\n${news().map(inShort).join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

/** The id of the key that proves a document (FEP-8b32), if its proof holds. */
export async function provenBy(document, documentLoader) {
  const { proof, ...unsecured } = document;
  const terms = { ...proof, '@context': 'https://w3id.org/security/data-integrity/v1' };
  const key = await verifyProof(unsecured, await DataIntegrityProof.fromJsonLd(terms, { documentLoader }), { documentLoader });
  return key?.id.href ?? null;
}

const inShort = (activity) => `${activity.constructor.name} ${activity.id} of ${activity.objectIds} by ${activity.actorId}`;

/** Node's requests and answers are not those of the web platform that Fedify speaks. */
async function serve(federation, base, arrived, request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = ['GET', 'HEAD'].includes(request.method) ? undefined : Buffer.concat(chunks);
  if (body) arrived.push(JSON.parse(body));
  const headers = Object.entries(request.headers).flatMap(([key, value]) => [value].flat().map((each) => [key, each]));
  const answer = await federation.fetch(new Request(new URL(request.url, base), { method: request.method, headers, body }), {
    contextData: undefined,
  });
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

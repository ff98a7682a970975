// A real client, written by others: Fedify follows a group, posts, verifies what it gets, and leaves.
//
// One rule: each line of the story is asserted.

import assert from 'node:assert/strict';

import { play, step } from './play.mjs';
import { found } from './town.mjs';

const { Accept, Announce, Create, Follow, Group, Join, Leave, Undo } = await import('@fedify/vocab');

await play(story, { moral: 'Fedify and Folkmoot understand each other.' });

async function story({ folkmoot, invite }) {
  const person = async (name, how) => invite(await found([name], how))[name];
  const members = async () => (await folkmoot.command('group', 'members', 'garden')).map(({ actor }) => actor);

  // Their servers sign by different schemes, and are of different kinds.
  const ann = await person('ann', { software: 'hollo', firstKnock: 'rfc9421' });
  const bob = await person('bob', { software: 'hollo', firstKnock: 'draft-cavage-http-signatures-12' });
  const cleo = await person('cleo', { software: 'newcomer', firstKnock: 'rfc9421' });

  await folkmoot.command('group', 'create', 'garden', '--title', 'Garden', '--owner', ann.id.href);
  const group = await finds(ann, folkmoot);
  const follow = await accepted(ann, group, Follow);
  const bobsFollow = await accepted(bob, group, Follow);
  await accepted(cleo, group, Join);
  assert.equal((await members()).length, 3);
  step('all three are members');

  const one = await ann.posts(group, '<p>Compost, anyone?</p>');
  await boosted(bob, one, group);
  await wrapped(cleo, one, group);

  await bob.does(group, Undo, { object: bobsFollow });
  await cleo.does(group, Leave, { object: group.id });
  assert.deepEqual(await members(), [ann.id.href]);
  step('bob and cleo have left');

  const two = await ann.posts(group, '<p>Anyone left?</p>');
  await boosted(ann, two, group);
  const told = [bob, cleo].flatMap((who) => about(who, two));
  assert.deepEqual(told, [], 'those who left hear no more');
  step('only ann hears of the second post');

  await ann.does(group, Undo, { object: follow });
  assert.deepEqual(await members(), []);
  step('ann has left');
}

/** By its id, as Fedify looks an actor up; then its collections and its WebFinger. */
async function finds(who, folkmoot) {
  const group = await who.looksUp(`${folkmoot.base}/c/garden`);
  assert.ok(group instanceof Group, `${group}`);
  assert.equal(group.preferredUsername, 'garden');
  assert.equal(group.inboxId.href, `${folkmoot.base}/c/garden/inbox`);
  assert.ok(await group.getPublicKey());
  const documentLoader = await who.loader();
  const outbox = await group.getOutbox({ documentLoader });
  assert.equal(outbox.totalItems, 0);
  const { host } = new URL(folkmoot.base);
  const webfinger = await fetch(`${folkmoot.base}/.well-known/webfinger?resource=acct:garden@${host}`);
  const self = (await webfinger.json()).links.find((link) => link.rel === 'self');
  assert.equal(self.href, group.id.href);
  step('the group is found, and every term of its document is understood');
  return group;
}

async function accepted(who, group, type) {
  const request = await who.does(group, type, { object: group.id });
  const documentLoader = await who.loader();
  await who.hears(`an Accept of ${request.id}`, async (heard) => {
    if (!(heard instanceof Accept) || heard.actorId?.href !== group.id.href) return false;
    return (await heard.getObject({ documentLoader, crossOrigin: 'trust' }))?.id?.href === request.id.href;
  });
  step(`${who.name} sends a ${type.name}, and is accepted`);
  return request;
}

/** A microblog hears of the note's id, and fetches it from its author. */
async function boosted(who, create, group) {
  const note = await create.getObject();
  const announce = await who.hears(
    `a boost of ${note.id}`,
    (heard) => heard instanceof Announce && heard.objectId?.href === note.id.href,
  );
  assert.equal(announce.actorId.href, group.id.href);
  const fetched = await announce.getObject({ documentLoader: await who.loader() });
  assert.equal(`${fetched.content}`, `${note.content}`);
  step(`${who.name} hears of it as a boost, and reads the note`);
}

/** A client of the explainer hears of the activity itself. */
async function wrapped(who, create, group) {
  const announce = await who.hears(
    `an Announce of ${create.id}`,
    (heard) => heard instanceof Announce && heard.objectId?.href === create.id.href,
  );
  assert.equal(announce.actorId.href, group.id.href);
  assert.ok(announce.ccIds.some((id) => id.href === `${group.id}/members`));
  const inside = await announce.getObject({ documentLoader: await who.loader() });
  assert.ok(inside instanceof Create, `${inside}`);
  step(`${who.name} hears of it whole, and finds it at its author's`);
}

function about(who, create) {
  const ids = [create.id.href, create.objectId.href];
  return who.news().filter((heard) => heard instanceof Announce && ids.includes(heard.objectId?.href));
}

// A real client, written by others: Fedify follows a group, posts, verifies what it gets, and leaves.
//
// One rule: each line of the story is asserted; the first that does not hold ends the run with its reason and exit 1.

import assert from 'node:assert/strict';

import { startFolkmoot } from './folkmoot.mjs';
import { settle } from './person.mjs';

const { Accept, Announce, Create, Group } = await import('@fedify/vocab');

const step = (text) => console.log(`ok  ${text}`);

const folkmoot = await startFolkmoot();
const people = [];
let failed;
try {
  await story();
} catch (error) {
  failed = error;
} finally {
  for (const person of people) person.stop();
  await folkmoot.stop();
}
if (failed) {
  console.error(failed, `\nThe server's log:\n${folkmoot.log()}`);
  process.exit(1);
}
console.log('Fedify and Folkmoot understand each other.');
process.exit(0);

async function story() {
  // Their servers sign by different schemes, and are of different kinds.
  const ann = await person('ann', { software: 'hollo', firstKnock: 'rfc9421' });
  const bob = await person('bob', { software: 'hollo', firstKnock: 'draft-cavage-http-signatures-12' });
  const cleo = await person('cleo', { software: 'newcomer', firstKnock: 'rfc9421' });

  await folkmoot.command('group', 'create', 'garden', '--title', 'Garden', '--owner', ann.id.href);
  const group = await finds(ann);
  const follow = await accepted(ann, group, 'follows');
  const bobsFollow = await accepted(bob, group, 'follows');
  await accepted(cleo, group, 'joins');
  assert.equal((await members()).length, 3);
  step('all three are members');

  const one = await ann.posts(group, '<p>Compost, anyone?</p>');
  await boosted(bob, one, group);
  await wrapped(cleo, one, group);

  await bob.unfollows(group, bobsFollow);
  await cleo.leaves(group);
  assert.deepEqual(await members(), [ann.id.href]);
  step('bob and cleo have left');

  const two = await ann.posts(group, '<p>Anyone left?</p>');
  await boosted(ann, two, group);
  const told = (await Promise.all([bob, cleo].map((who) => about(who, two)))).flat();
  assert.deepEqual(told, [], 'those who left hear no more');
  step('only ann hears of the second post');

  await ann.unfollows(group, follow);
  assert.deepEqual(await members(), []);
  step('ann has left');
}

async function person(name, how) {
  const person = await settle(name, how);
  people.push(person);
  return person;
}

async function members() {
  const rows = await folkmoot.command('group', 'members', 'garden');
  return rows.map(({ actor }) => actor);
}

/** By its id, as Fedify looks an actor up; then its collections and its WebFinger. */
async function finds(who) {
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

async function accepted(who, group, how) {
  const request = await who[how](group);
  const documentLoader = await who.loader();
  await who.hears(`an Accept of ${request.id}`, async (heard) => {
    if (!(heard instanceof Accept) || heard.actorId?.href !== group.id.href) return false;
    return (await heard.getObject({ documentLoader, crossOrigin: 'trust' }))?.id?.href === request.id.href;
  });
  step(`${who.name} ${how} the group, and is accepted`);
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

async function about(who, create) {
  const ids = [create.id.href, create.objectId.href];
  return who.heard.filter((heard) => heard instanceof Announce && ids.includes(heard.objectId?.href));
}

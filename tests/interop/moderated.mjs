// A moderated group, run from a server built with Fedify: created, joined, reviewed, and handed on, without a hand on ours.
//
// One rule: everything is done by signed activities and seen in what was verified, or in what a signed GET answers.

import assert from 'node:assert/strict';

import { play, scene } from './play.mjs';
import { found, provenBy } from './town.mjs';

const { Accept, Add, Announce, Create, Group, Join, Note, Offer, Remove } = await import('@fedify/vocab');

await play(story, {
  moral: 'A moderated group is run from a server built with Fedify.',
  settings: { GROUPS__CREATE: '127.0.0.1' },
});

async function story({ folkmoot, invite }) {
  const town = invite(await found(['owner', 'admin', 'member'], { software: 'newcomer', firstKnock: 'rfc9421' }));
  const abroad = invite(await found(['stranger'], { software: 'newcomer', firstKnock: 'draft-cavage-http-signatures-12' }));
  const { owner, admin, member } = town;
  const { stranger } = abroad;

  const { group, parts } = await scene('create: the owner makes a group, and is told where it is', () => creates(folkmoot, owner));

  await scene('join: the owner comes in at once, and lets the admin in by the id of their Join', async () => {
    await isLetIn(owner, group, await asks(owner, group));
    const join = await asks(admin, group);
    assert.deepEqual(await ids(stranger, parts.members), [owner.id.href]);
    await refused(stranger.does(group, Accept, { object: join.id }), 403);
    await owner.does(group, Accept, { object: join.id });
    await isLetIn(admin, group, join);
    assert.deepEqual(await ids(stranger, parts.members), [admin.id.href, owner.id.href]);
  });

  await scene('the owner makes the admin one', async () => {
    await owner.does(group, Add, { object: admin.id, target: new URL(parts.admins) });
    assert.deepEqual(await ids(member, parts.moderators), [owner.id.href, admin.id.href]);
  });

  await scene('approve: the admin finds who asks to be let in, and lets them in by the entry', async () => {
    const join = await asks(member, group);
    const entry = await theEntry(admin, parts.pendingMembers);
    const inside = await whatItHolds(admin, entry);
    assert.ok(inside instanceof Join, inside?.constructor.name);
    assert.equal(inside.id.href, join.id.href);
    await refused(member.does(group, Accept, { object: entry.id }), 403);
    await admin.does(group, Accept, { object: entry.id });
    await isLetIn(member, group, join);
    assert.deepEqual(await ids(admin, parts.pendingMembers), []);
  });

  await scene('only those who run the group read what waits', async () => {
    for (const queue of [parts.pendingMembers, parts.pendingActivities]) {
      for (const who of [member, stranger]) assert.equal(await who.looksUp(queue), null, `${who.name} reads ${queue}`);
    }
  });

  const post = await scene('post: what a member writes waits, and whoever runs the group is told of it', async () => {
    const post = await member.posts(group, '<p>Compost, anyone?</p>');
    for (const who of [owner, admin]) {
      const notice = await who.hears(
        'that something waits',
        (heard) => heard instanceof Add && heard.targetId?.href === parts.pendingActivities,
      );
      assert.equal(notice.actorId.href, group.id.href);
      const inside = await whatItHolds(who, await notice.getObject({ documentLoader: await who.loader() }));
      assert.equal(inside.id.href, post.id.href);
    }
    assert.deepEqual(await ids(stranger, `${group.outboxId}`), [], 'nothing is published yet');
    return post;
  });

  await scene('accept: the admin reads the post in the queue and accepts it, and it reaches everybody', async () => {
    const entry = await theEntry(admin, parts.pendingActivities);
    const inside = await whatItHolds(admin, entry);
    assert.ok(inside instanceof Create, inside?.constructor.name);
    const note = await inside.getObject({ documentLoader: await admin.loader() });
    assert.ok(note instanceof Note, note?.constructor.name);
    assert.equal(`${note.content}`, '<p>Compost, anyone?</p>');
    for (const who of [owner, member]) assert.equal(announcements(who, post).length, 0, `${who.name} heard too early`);
    await admin.does(group, Accept, { object: entry.id });
    for (const who of [owner, admin, member]) await isAnnounced(who, group, post);
    assert.deepEqual(await ids(admin, parts.pendingActivities), []);
  });

  await scene('what the group says is proven, to whoever it is passed on', async () => {
    const theirs = town.arrived.filter(({ actor }) => actor === group.id.href);
    assert.deepEqual([...new Set(theirs.map(({ type }) => type))].sort(), ['Accept', 'Add', 'Announce']);
    for (const document of theirs) {
      assert.equal(await provenBy(document, await owner.loader()), `${group.id.href}#ed25519-key`, JSON.stringify(document));
      assert.equal(await provenBy({ ...document, published: '2026-01-01T00:00:00Z' }, await owner.loader()), null);
    }
  });

  await scene('the author has a receipt of it', () => isAnswered(member, group, Accept, post));

  await scene('expel: the admin puts the member out, who is told, and whose next post is refused', async () => {
    await refused(member.does(group, Remove, { object: admin.id, target: new URL(parts.members) }), 403);
    await admin.does(group, Remove, { object: member.id, target: new URL(parts.members) });
    await member.hears(
      'that they are out',
      (heard) =>
        heard instanceof Remove &&
        heard.actorId?.href === group.id.href &&
        heard.objectId?.href === member.id.href &&
        heard.targetId?.href === parts.members,
    );
    await refused(member.posts(group, '<p>And another thing</p>'), 403);
    await refused(stranger.posts(group, '<p>Cheap watches</p>'), 403);
    assert.deepEqual(await ids(owner, parts.members), [admin.id.href, owner.id.href]);
    assert.deepEqual(await ids(owner, parts.pendingActivities), []);
  });

  await scene('transfer: the group is in new hands when the admin has said yes, and not before', async () => {
    await owner.does(group, Offer, { object: group.id, target: admin.id });
    const offer = await admin.hears(
      'the offer',
      (heard) => heard instanceof Offer && heard.actorId?.href === group.id.href && heard.objectId?.href === group.id.href,
    );
    assert.deepEqual(await ids(stranger, parts.moderators), [owner.id.href, admin.id.href]);
    await refused(admin.does(group, Remove, { object: owner.id, target: new URL(parts.admins) }), 403);
    await admin.does(group, Accept, { object: offer.id });
    assert.deepEqual(await ids(stranger, parts.moderators), [admin.id.href, owner.id.href]);
  });

  await scene('the new owner does what only an owner may', async () => {
    await refused(owner.does(group, Remove, { object: admin.id, target: new URL(parts.admins) }), 403);
    await admin.does(group, Remove, { object: owner.id, target: new URL(parts.admins) });
    assert.deepEqual(await ids(stranger, parts.moderators), [admin.id.href]);
  });
}

/** Fedify's Group has no words for policies, so its document is written by hand. */
async function creates(folkmoot, owner) {
  const object = { type: 'Group', preferredUsername: 'garden', name: 'Garden', joinPolicy: 'approval', review: 'all' };
  const create = await owner.submits(`${folkmoot.base}/inbox`, Create, { object });
  const accept = await owner.hears(
    'an Accept of the group',
    async (heard) => heard instanceof Accept && (await heard.toJsonLd()).object?.id === create.id.href,
  );
  const made = await accept.getResult({ documentLoader: await owner.loader() });
  assert.ok(made instanceof Group, made?.constructor.name);
  assert.equal(made.id.href, accept.actorId.href);
  assert.equal(made.preferredUsername, 'garden');

  const group = await owner.looksUp(made.id);
  const parts = await group.toJsonLd();
  assert.equal(parts.joinPolicy, 'approval');
  assert.equal(parts.review, 'all');
  assert.deepEqual(await ids(owner, parts.moderators), [owner.id.href]);
  return { group, parts };
}

async function asks(who, group) {
  return await who.does(group, Join, { object: group.id });
}

async function isLetIn(who, group, join) {
  await isAnswered(who, group, Accept, join);
}

/** By the group itself: an admin's word is none to those who asked the group. */
async function isAnswered(who, group, type, asked) {
  const documentLoader = await who.loader();
  await who.hears(`${type.name} of ${asked.id}`, async (heard) => {
    if (!(heard instanceof type) || heard.actorId?.href !== group.id.href) return false;
    return (await heard.getObject({ documentLoader, crossOrigin: 'trust' }))?.id?.href === asked.id.href;
  });
}

/** The one thing that waits. */
async function theEntry(who, queue) {
  const entries = await who.reads(queue);
  assert.equal(entries.length, 1);
  const [entry] = entries;
  assert.ok(entry instanceof Offer, entry.constructor.name);
  assert.equal(entry.targetId.href, queue);
  return entry;
}

/** What was received, as its author's server has it: Fedify believes nobody else. */
async function whatItHolds(who, entry) {
  return await entry.getObject({ documentLoader: await who.loader() });
}

function announcements(who, create) {
  return who.news().filter((heard) => heard instanceof Announce && heard.objectId?.href === create.id.href);
}

async function isAnnounced(who, group, create) {
  await who.hears(`an Announce of ${create.id}`, () => announcements(who, create).length > 0);
  const [announce] = announcements(who, create);
  assert.equal(announce.actorId.href, group.id.href);
  const inside = await announce.getObject({ documentLoader: await who.loader() });
  assert.ok(inside instanceof Create, inside?.constructor.name);
}

/** What a collection lists, by ids. */
async function ids(who, collection) {
  return (await who.reads(collection)).map((each) => each.id.href);
}

async function refused(attempt, status) {
  const answer = await attempt.then(
    () => 'taken',
    (error) => error.statusCode ?? error,
  );
  assert.equal(answer, status);
}

"""Both worlds in one moderated group: a Mastodon, a Lemmy, and two domains of Versia.

One rule: every post reaches every other member once, in its own form, signed so that it verifies, and leads back to
where it was written.
"""

import unittest

from domains import GROUP, waits_for
from stage import FORUM, Scene
from test_bridge import bridge


class Worlds(Scene):
    def test_every_post_reaches_every_other_member_once_in_its_own_form_and_leads_back(self):
        group = self.group("--join", "approval", "--review", "all")
        ann, bob = self.a.user("ann"), self.b.user("bob")
        lea, mia = self.person(self.lemmy, "lea"), self.person(self.mastodon, "mia")
        self.let_in(group, ann, bob, lea, mia)

        notes = [ann.reference_of(self.posted(ann, group, "<p>of ann</p>"))]
        notes.append(bob.reference_of(self.posted(bob, group, "<p>of bob</p>")))
        page, status = self.said(lea, group, "Of lea", "of lea"), self.said(mia, group, content="of mia")
        mirrors = [f"{self.base}/bridge/versia/{note.replace(':', '/notes/')}" for note in notes]
        self.nobody_has_heard_anything(group)
        self.let_through(group, [*mirrors, page["id"], status["id"]])

        with self.subTest("two domains of Versia hear of all four by Federate"):
            for domain in (self.a, self.b):
                waits_for(
                    "four notes", lambda: len(self.federations(domain, group)) >= 4, otherwise=lambda: str(domain.inbox)
                )
        with self.subTest("the Mastodon hears of the others' by a boost, the Lemmy whole"):
            for town, others in ((self.mastodon, [*mirrors, page["id"]]), (self.lemmy, [*mirrors, status["id"]])):
                for post in others:
                    waits_for(f"{post} at the {town.software}", lambda: town.tellings(post))
        self.settles(self.a, self.b, self.lemmy, self.mastodon)

        for domain in (self.a, self.b):
            told = self.federations(domain, group)
            self.assertEqual(len(told), 4, "once each")
            origins = [self.origin(domain, group, note) for note in told]
            self.assertEqual(sorted(origins), sorted([*notes, page["id"], status["id"]]))
        for town, others in ((self.mastodon, [*mirrors, page["id"]]), (self.lemmy, [*mirrors, status["id"]])):
            for post in others:
                self.assertEqual(len(town.tellings(post)), 1, f"{post} at the {town.software}")
            for mirror, note in zip(mirrors, notes):
                post, author = town.reads(mirror)
                of, id = note.split(":")
                self.assertIn(of, post["url"])
                self.assertIn(id, post["url"])
                self.assertIn(of, author["url"])
        listed = self.c.collects(GROUP, group.reference, "notes")["items"]
        self.assertEqual(set(listed), set(self.federations(self.a, group)))
        members = self.c.collects(GROUP, group.reference, "members")["items"]
        self.assertEqual(len(members), 4)
        self.assertLess({ann.reference, bob.reference}, set(members))

        self.answers_and_is_answered(group, ann, lea, notes[0], mirrors[0], page)

    def let_in(self, group, ann, bob, lea, mia):
        follows = [(who, who.joins(group.iri)) for who in (lea, mia)]
        for who in (ann, bob):
            self.assertStatus(202, who.asks("Subscribe", group.reference))
        self.assertEqual(group.members(), [])
        for actor in (self.mirror(ann), self.mirror(bob), lea.id, mia.id):
            group.accepts(actor)
        for who, follow in follows:
            who.is_let_in(follow)
        for who in (ann, bob):
            who.domain.hears("pub.versia:groups/SubscribeAccept", subscriber=who.reference, group=group.reference)

    def nobody_has_heard_anything(self, group):
        self.settles(self.a, self.b, self.lemmy, self.mastodon)
        self.assertEqual(self.federations(self.a, group) + self.federations(self.b, group), [])
        for town in (self.lemmy, self.mastodon):
            self.assertEqual(town.heard("Announce", lambda heard: heard["actor"] == group.iri), [])

    def let_through(self, group, posts):
        waiting = {row["object"]: row["id"] for row in group.pending()}
        self.assertEqual(set(waiting), set(posts))
        for post in posts:
            group.accepts(waiting[post])

    def origin(self, domain, group, reference):
        """Where a note that was told was written: of a mirror, the post of ActivityPub."""
        note = domain.fetches(reference, "Note")
        self.assertEqual(note["group"], group.reference)
        if not reference.startswith(f"{FORUM}:"):
            return reference
        author = domain.fetches(note["author"], "User")
        self.assertTrue(bridge(author)["id"].startswith("http"))
        return bridge(note)["id"]

    def answers_and_is_answered(self, group, ann, lea, note, mirror, page):
        """A thread goes through both worlds."""
        reply = lea.reply(group.iri, mirror, "Yes!")
        self.assertStatus(202, lea.wraps(group.iri, "Create", reply)[1])
        known = self.federations(self.a, group)
        self.let_through(group, [reply["id"]])
        answer = self.a.fetches(self.new_federation(self.a, group, known), "Note")
        self.assertEqual(answer["replies_to"], note)
        again = self.posted(ann, group, "<p>Or no.</p>", replies_to=f"{FORUM}:{answer['id']}")
        self.let_through(group, [self.mirror_of_note(ann, again)])
        waits_for("the answer", lambda: self.lemmy.tellings(self.mirror_of_note(ann, again)))
        told = self.lemmy.tellings(self.mirror_of_note(ann, again))[0]
        self.assertEqual(told["object"]["object"]["inReplyTo"], reply["id"])
        self.assertNotEqual(page["id"], reply["id"])


if __name__ == "__main__":
    unittest.main()

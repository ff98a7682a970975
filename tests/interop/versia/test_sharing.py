"""The second face: a user whom software without groups follows, and who shares what is accepted.

One rule: whoever follows hears of everything by Share; what they answer or mention the group in, in public, is posted there.
"""

import unittest

from domains import GROUP, entity_path, waits_for
from stage import FORUM, Scene

SHARE = "pub.versia:share/Share"


class Sharing(Scene):
    def shared(self, domain, group, note, times=1):
        share = domain.hears(SHARE, times, author=group.sharer, shared=note)
        self.assertEqual(share.signed_by, FORUM)
        return share

    def test_who_follows_the_user_of_a_group_is_accepted_and_then_hears_shares(self):
        group = self.group()
        ann, bob = self.follower(self.a, group), self.member(self.b, group)
        note = bob.reference_of(self.posted(bob, group))
        share = self.shared(self.a, group, note)
        self.settles(self.a, self.b)
        self.assertEqual(len(self.a.heard(SHARE, author=group.sharer)), 1)
        self.assertEqual(self.federations(self.a, group), [], "it has no groups")
        self.assertEqual(self.b.heard(SHARE, author=group.sharer), [], "it has groups")
        self.assertLess(self.a.heard("FollowAccept", author=group.sharer)[0].at, share.at)
        self.assertIn(self.mirror(ann), group.members())

    def test_a_post_of_activitypub_is_shared_too(self):
        group = self.group()
        self.follower(self.a, group)
        lea = self.joined(self.lemmy, group)
        self.said(lea, group, content="Leeks!")
        share = self.a.hears(SHARE, author=group.sharer)
        note = self.a.fetches(share["shared"], "Note")
        self.assertIn("Leeks!", note["content"]["text/html"]["content"])

    def test_an_edit_of_activitypub_is_the_note_again(self):
        group = self.group()
        self.follower(self.a, group)
        bob = self.member(self.b, group)
        lea = self.joined(self.lemmy, group)
        page = self.said(lea, group, content="Leeks!")
        share = self.a.hears(SHARE, author=group.sharer)
        self.a.fetches(share["shared"], "Note")
        page["content"] = "More leeks!"
        _, answer = lea.wraps(group.iri, "Update", page)
        self.assertStatus(202, answer)
        note = self.a.hears("Note", id=share["shared"].removeprefix(f"{FORUM}:"))
        self.assertEqual(note.signed_by, FORUM)
        self.assertIn("More leeks!", note["content"]["text/html"]["content"])
        self.assertEqual(note.entity, self.a.fetches(share["shared"], "Note"))
        self.federated(self.b, group, share["shared"], 2)
        self.assertEqual(self.b.heard("Note"), [], "it is asked to fetch it")
        again = self.posted(bob, group)
        self.assertStatus(202, bob.edits(again, "Better"))
        self.settles(self.a, self.b)
        self.assertEqual(self.a.heard("Note", id=again["id"]), [], "that is its own domain's to send")

    def test_what_activitypub_deletes_is_deleted_with_its_share(self):
        group = self.group()
        self.follower(self.a, group)
        lea = self.joined(self.lemmy, group)
        page = self.said(lea, group)
        share = self.a.hears(SHARE, author=group.sharer)
        _, answer = lea.wraps(group.iri, "Delete", page["id"])
        self.assertStatus(202, answer)
        self.a.hears("Delete", deleted=f"{FORUM}:{share['id']}", deleted_type=SHARE)
        self.a.hears("Delete", deleted=share["shared"], deleted_type="Note", author=group.sharer)
        self.assertStatus(404, self.a.gets(entity_path("Note", share["shared"].removeprefix(f"{FORUM}:")), FORUM))

    def test_a_private_group_is_followed_by_nobody(self):
        group = self.group("--visibility", "private", "--join", "open")
        ann = self.a.user("ann")
        self.assertStatus(202, ann.follows(group.sharer))
        self.a.hears("FollowReject", author=group.sharer, follower=ann.reference)
        self.assertEqual(group.members(), [])

    def test_a_share_can_be_fetched(self):
        group = self.group()
        self.follower(self.a, group)
        bob = self.member(self.b, group)
        self.posted(bob, group)
        share = self.a.hears(SHARE, author=group.sharer)
        self.assertEqual(self.a.fetches(f"{FORUM}:{share['id']}", SHARE)["shared"], share["shared"])

    def test_who_unfollows_hears_no_more(self):
        group = self.group()
        ann, bob = self.follower(self.a, group), self.member(self.b, group)
        self.assertStatus(202, ann.follows(group.sharer, "Unfollow"))
        self.posted(bob, group)
        self.settles(self.a, self.b)
        self.assertEqual(self.a.heard(SHARE, author=group.sharer), [])
        self.assertEqual(group.members(), [self.mirror(bob)])

    def test_who_follows_where_approval_is_needed_waits_for_it(self):
        group = self.group("--join", "approval", "--visibility", "public", "--follow", "joins")
        ann = self.a.user("ann")
        self.assertStatus(202, ann.follows(group.sharer))
        group.accepts(self.mirror(ann))
        self.a.hears("FollowAccept", author=group.sharer, follower=ann.reference)
        self.assertEqual(group.members(), [self.mirror(ann)])

    def test_who_is_banned_is_rejected(self):
        group = self.group()
        ann = self.follower(self.a, group)
        group.command("ban", self.mirror(ann))
        self.a.hears("FollowReject", 1, author=group.sharer, follower=ann.reference)
        self.assertStatus(202, ann.follows(group.sharer))
        self.a.hears("FollowReject", 2, author=group.sharer, follower=ann.reference)
        self.assertEqual(group.members(), [])

    def test_on_one_domain_both_faces_are_heard_once_each(self):
        group = self.group()
        self.follower(self.a, group)
        self.follower(self.a, group)
        self.member(self.a, group)
        bob = self.member(self.b, group)
        note = bob.reference_of(self.posted(bob, group))
        self.shared(self.a, group, note)
        self.federated(self.a, group, note)
        self.settles(self.a)
        self.assertEqual(len(self.a.heard(SHARE, author=group.sharer)), 1)
        self.assertEqual(len(self.federations(self.a, group)), 1)

    def test_what_is_deleted_is_not_shared_any_more(self):
        group = self.group()
        self.follower(self.a, group)
        bob = self.member(self.b, group)
        note = self.posted(bob, group)
        share = self.shared(self.a, group, bob.reference_of(note))
        self.assertStatus(202, bob.deletes(note))
        taken_back = self.a.hears("Delete", deleted=f"{FORUM}:{share['id']}")
        self.assertEqual(taken_back["deleted_type"], SHARE)
        self.assertEqual(taken_back["author"], group.sharer)
        self.assertStatus(404, self.a.gets(entity_path(SHARE, share["id"]), FORUM))


class Submitting(Scene):
    def test_a_public_answer_to_what_is_in_the_group_is_posted_there(self):
        group = self.group()
        ann, bob = self.follower(self.a, group), self.member(self.b, group)
        post = bob.reference_of(self.posted(bob, group))
        answer = self.posted_in_public(ann, replies_to=post)
        self.federated(self.b, group, ann.reference_of(answer))
        self.assertIn(ann.reference_of(answer), self.b.collects(GROUP, group.reference, "notes")["items"])

    def test_a_public_answer_to_a_post_of_activitypub_is_posted_there(self):
        group = self.group()
        ann = self.follower(self.a, group)
        lea = self.joined(self.lemmy, group)
        page = self.said(lea, group)
        share = self.a.hears("pub.versia:share/Share", author=group.sharer)
        answer = self.posted_in_public(ann, replies_to=share["shared"])
        mirror = self.mirror_of_note(ann, answer)
        announce = waits_for("the answer", lambda: self.lemmy.tellings(mirror))[0]
        self.assertEqual(announce["object"]["object"]["inReplyTo"], page["id"])

    def test_a_public_note_that_mentions_the_user_is_posted_there(self):
        group = self.group()
        ann, _ = self.follower(self.a, group), self.member(self.b, group)
        note = self.posted_in_public(ann, mentions=[group.sharer])
        self.federated(self.b, group, ann.reference_of(note))

    def test_any_other_note_is_none_of_our_business(self):
        group = self.group()
        ann, _ = self.follower(self.a, group), self.member(self.b, group)
        for fields in ({}, {"replies_to": "b.test:nothing"}, {"mentions": ["b.test:u1"]}):
            _, answer = ann.says("public", **fields)
            self.assertStatus(202, answer)
        for private in (None, "followers"):
            _, answer = ann.says(private, mentions=[group.sharer])
            self.assertStatus(202, answer)
        self.settles(self.b)
        self.assertEqual(self.federations(self.b, group), [])

    def test_a_stranger_posts_nothing_so(self):
        group = self.group()
        bob = self.member(self.b, group)
        post = bob.reference_of(self.posted(bob, group))
        eve = self.c.user("eve")
        for fields in ({"replies_to": post}, {"mentions": [group.sharer]}):
            _, answer = eve.says("public", **fields)
            self.assertStatus(403, answer)

    def posted_in_public(self, user, **fields):
        note, answer = user.says("public", **fields)
        self.assertStatus(202, answer)
        return note


if __name__ == "__main__":
    unittest.main()

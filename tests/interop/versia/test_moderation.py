"""Whoever runs a group puts people and notes out; what is private is private.

One rule: what is decided here is told in the words that Versia has, and holds where it has none.
"""

import unittest

from domains import GROUP, collection_path, entity_path
from stage import FORUM, Scene

REJECT = "pub.versia:groups/SubscribeReject"


class PuttingOut(Scene):
    def test_who_is_put_out_is_told_so_and_hears_no_more(self):
        group = self.group()
        ann, bob = self.member(self.a, group), self.member(self.b, group)
        before = bob.reference_of(self.posted(bob, group))
        self.federated(self.b, group, before)
        group.command("expel", self.mirror(bob), "--reason", "spam")
        reject = self.b.hears(REJECT, subscriber=bob.reference, group=group.reference)
        self.assertEqual(reject.signed_by, FORUM)
        self.assertStatus(403, bob.says(group.reference)[1])
        note = ann.reference_of(self.posted(ann, group))
        self.federated(self.a, group, note)
        self.settles(self.a, self.b)
        self.assertEqual(self.federations(self.b, group), [before])
        self.assertEqual(self.c.collects(GROUP, group.reference, "members")["items"], [ann.reference])

    def test_an_admin_on_activitypub_puts_somebody_of_versia_out(self):
        group = self.group()
        bob = self.member(self.b, group)
        owner = self.stage.owner
        _, answer = owner.does(group.iri, "Remove", self.mirror(bob), target=f"{group.iri}/members")
        self.assertStatus(202, answer)
        self.b.hears(REJECT, subscriber=bob.reference, group=group.reference)

    def test_the_last_of_a_domain_ends_it_and_not_the_first(self):
        group = self.group()
        ann, bob, ben = self.member(self.a, group), self.member(self.b, group), self.member(self.b, group)
        group.command("expel", self.mirror(bob))
        self.b.hears(REJECT, subscriber=bob.reference, group=group.reference)
        one = ann.reference_of(self.posted(ann, group))
        self.federated(self.b, group, one)
        group.command("expel", self.mirror(ben))
        self.b.hears(REJECT, subscriber=ben.reference, group=group.reference)
        two = ann.reference_of(self.posted(ann, group))
        self.federated(self.a, group, two)
        self.settles(self.a, self.b)
        self.assertEqual(self.federations(self.b, group), [one])

    def test_who_is_banned_writes_nothing(self):
        group = self.group("--post", "anyone")
        ann = self.member(self.a, group)
        group.command("ban", self.mirror(ann))
        self.assertStatus(403, ann.says(group.reference)[1])


class TakingOut(Scene):
    def test_a_note_that_is_removed_is_in_notes_no_more_and_activitypub_is_told(self):
        group = self.group()
        ann, _ = self.member(self.a, group), self.member(self.b, group)
        lea, mia = self.joined(self.lemmy, group, "lea"), self.joined(self.mastodon, group, "mia")
        note = self.posted(ann, group)
        mirror = self.mirror_of_note(ann, note)
        self.mastodon.hears("a boost", "Announce", lambda heard: heard["object"] == mirror)
        group.command("remove-post", mirror, "--reason", "spam")
        self.mastodon.hears("that it is taken back", "Undo", lambda heard: heard["object"]["object"] == mirror)
        self.lemmy.hears("that it is removed", "Announce", lambda heard: heard["object"]["object"] == mirror)
        self.assertEqual(self.b.collects(GROUP, group.reference, "notes")["items"], [])
        self.assertIn(self.lemmy.asks_for(mirror).status, (404, 410))
        self.settles(self.a, self.b)
        self.assertEqual(self.b.heard("Delete", deleted=ann.reference_of(note)), [], "it is not ours to delete")
        self.assertEqual(len({lea.id, mia.id}), 2)

    def test_a_post_of_activitypub_that_is_removed_is_deleted_there(self):
        group = self.group()
        self.member(self.a, group)
        self.member(self.b, group)
        self.follower(self.c, group)
        lea = self.joined(self.lemmy, group)
        page = self.said(lea, group)
        note = self.new_federation(self.b, group)
        share = self.c.hears("pub.versia:share/Share", author=group.sharer, shared=note)
        group.command("remove-post", page["id"])
        for domain in (self.a, self.b):
            self.assertEqual(domain.hears("Delete", deleted=note)["deleted_type"], "Note")
        self.c.hears("Delete", deleted=f"{FORUM}:{share['id']}")
        self.assertStatus(404, self.b.gets(entity_path("Note", note.split(":")[1]), FORUM))
        self.assertEqual(self.b.collects(GROUP, group.reference, "notes")["items"], [])


class Private(Scene):
    def test_what_is_private_is_not_there_for_a_strangers_domain(self):
        group = self.group("--visibility", "private")
        ann = self.member(self.a, group)
        note = ann.reference_of(self.posted(ann, group))
        self.federated(self.a, group, note)
        id = f"group-{group.name}"
        for name, items in (("members", [ann.reference]), ("notes", [note])):
            self.assertEqual(self.a.collects(GROUP, group.reference, name)["items"], items)
            self.assertStatus(404, self.b.gets(collection_path(GROUP, id, name), FORUM))
        stub = self.b.gets(entity_path(GROUP, id), FORUM)
        if stub.status == 200:  # PRV13: a stub
            self.assertIsNone(stub.json()["description"])
        else:
            self.assertStatus(404, stub)

    def test_a_note_of_a_group_that_became_private_is_a_404_for_a_strangers_domain(self):
        group = self.group()
        self.member(self.a, group)
        lea = self.joined(self.lemmy, group)
        self.said(lea, group)
        path = entity_path("Note", self.new_federation(self.a, group).split(":")[1])
        self.assertStatus(200, self.b.gets(path, FORUM))
        self.folkmoot.command("group", "set", group.name, "--visibility", "private")
        self.assertStatus(404, self.b.gets(path, FORUM))

    def test_a_private_group_has_no_bridge(self):
        group = self.group("--visibility", "private")
        ann = self.member(self.a, group)
        note = self.posted(ann, group)
        self.federated(self.a, group, ann.reference_of(note))
        for url in (self.mirror_of_note(ann, note), f"{group.iri}/outbox?page=1"):
            self.assertStatus(404, self.mastodon.asks_for(url))
        self.assertStatus(404, self.lemmy.asks_for(self.mirror_of_note(ann, note)))  # where the owner lives
        shown = self.folkmoot.command("group", "show", group.name)
        self.assertFalse(shown["bridge"])

    def test_who_leaves_a_private_group_leaves_its_secrets(self):
        group = self.group("--visibility", "private")
        self.member(self.a, group)
        bob = self.member(self.b, group)
        path = collection_path(GROUP, f"group-{group.name}", "notes")
        self.assertStatus(200, self.b.gets(path, FORUM))
        self.assertStatus(202, bob.asks("Unsubscribe", group.reference))
        self.assertStatus(404, self.b.gets(path, FORUM))


if __name__ == "__main__":
    unittest.main()

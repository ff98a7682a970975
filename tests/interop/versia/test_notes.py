"""Notes in a group: who may write them, who is told, and what becomes of them.

One rule: what is told is a Federate, once for each domain with a member, the author's own too.
"""

import concurrent.futures
import time
import unittest

from domains import GROUP, INBOX, MEDIA_TYPE, entity_path, text, waits_for
from stage import FORUM, Scene


class Telling(Scene):
    def test_three_members_on_two_domains_are_told_by_exactly_two_requests(self):
        group = self.group()
        ann = self.member(self.a, group)
        for _ in range(2):
            self.member(self.b, group)
        note = ann.reference_of(self.posted(ann, group))
        for domain in (self.a, self.b):
            self.federated(domain, group, note)
        self.settles(self.a, self.b, self.c)
        self.assertEqual([self.federations(domain, group) for domain in (self.a, self.b, self.c)], [[note], [note], []])

    def test_what_is_told_can_be_fetched_and_names_the_group(self):
        group = self.group()
        ann, _ = self.member(self.a, group), self.member(self.b, group)
        self.posted(ann, group)
        told = self.new_federation(self.b, group)
        note = self.b.fetches(told, "Note")
        self.assertEqual(note["group"], group.reference)
        self.assertEqual(note["author"], ann.reference)

    def test_notes_come_in_the_order_in_which_they_were_taken(self):
        group = self.group()
        ann, _ = self.member(self.a, group), self.member(self.b, group)
        notes = [ann.reference_of(self.posted(ann, group, f"<p>{number}</p>")) for number in range(10)]
        self.federated(self.b, group, notes[-1])
        self.assertEqual(self.federations(self.b, group), notes)

    def test_an_edit_is_told_again(self):
        group = self.group()
        ann, _ = self.member(self.a, group), self.member(self.b, group)
        note = self.posted(ann, group)
        self.federated(self.b, group, ann.reference_of(note))
        self.assertStatus(202, ann.edits(note, "<p>Compost!</p>"))
        self.federated(self.b, group, ann.reference_of(note), times=2)
        self.settles(self.a, self.b)
        self.assertEqual(len(self.federations(self.b, group)), 2)
        self.assertEqual(self.b.collects(GROUP, group.reference, "notes")["total"], 1)

    def test_the_same_note_again_is_no_edit(self):
        group = self.group()
        ann, _ = self.member(self.a, group), self.member(self.b, group)
        note = self.posted(ann, group)
        self.assertStatus(202, ann.sends(note))
        self.federated(self.b, group, ann.reference_of(note))
        self.settles(self.a, self.b)
        self.assertEqual(len(self.federations(self.b, group)), 1)

    def test_an_edit_back_to_an_earlier_text_is_an_edit(self):
        group = self.group()
        ann, _ = self.member(self.a, group), self.member(self.b, group)
        note = self.posted(ann, group, "<p>First</p>")
        for later, html in ((1, "<p>Second</p>"), (2, "<p>First</p>")):
            # The same bytes at the same second would be the same request.
            note.update(content=text(html))
            self.assertStatus(202, ann.sends(note, signed_at=int(time.time()) + later))
        self.settles(self.a, self.b)
        self.assertEqual(len(self.federations(self.b, group)), 3)
        shown, _ = self.lemmy.reads(self.mirror_of_note(ann, note))
        self.assertEqual(shown["content"], "<p>First</p>")

    def test_a_note_that_its_author_takes_out_of_the_group_is_gone(self):
        group = self.group()
        ann, _ = self.member(self.a, group), self.member(self.b, group)
        note = self.posted(ann, group)
        self.assertStatus(202, ann.edits(note, "<p>For friends</p>", group="followers"))
        self.assertEqual(self.b.collects(GROUP, group.reference, "notes")["items"], [])

    def test_nobody_edits_what_another_of_their_domain_wrote(self):
        group = self.group()
        ann, eve = self.member(self.a, group), self.member(self.a, group)
        note = self.posted(ann, group)
        self.assertStatus(403, eve.sends({**note, "author": eve.reference, "content": text("<p>Mine</p>")}))

    def test_who_is_no_member_writes_nothing(self):
        group = self.group()
        self.member(self.b, group)
        ann = self.a.user("ann")
        _, answer = ann.says(group.reference)
        self.assertStatus(403, answer)
        self.settles(self.a, self.b)
        self.assertEqual(self.federations(self.b, group), [])
        self.assertEqual(self.b.collects(GROUP, group.reference, "notes")["items"], [])

    def test_where_anyone_may_write_a_stranger_does(self):
        group = self.group("--post", "anyone")
        self.member(self.b, group)
        ann = self.a.user("ann")
        note = self.posted(ann, group)
        self.federated(self.b, group, ann.reference_of(note))

    def test_a_deletion_by_its_owner_takes_a_note_out_for_good(self):
        group = self.group()
        ann, _ = self.member(self.a, group), self.member(self.b, group)
        note = self.posted(ann, group)
        self.federated(self.b, group, ann.reference_of(note))
        self.assertStatus(202, ann.deletes(note))
        self.assertEqual(self.b.collects(GROUP, group.reference, "notes"), {"author": None, "total": 0, "items": []})
        self.assertIn(ann.sends(note).status, (202, 403))
        self.settles(self.a, self.b)
        self.assertEqual(len(self.federations(self.b, group)), 1)
        self.assertEqual(self.b.heard("Delete", deleted=ann.reference_of(note)), [], "its own server tells of it")

    def test_a_deletion_without_an_author_is_its_domains(self):
        group = self.group()
        ann = self.member(self.a, group)
        note = self.posted(ann, group)
        entity = ann.passing("Delete", deleted_type="Note", deleted=ann.reference_of(note))
        self.assertStatus(202, ann.sends(entity))
        self.assertEqual(self.b.collects(GROUP, group.reference, "notes")["items"], [])

    def test_a_note_that_waits_for_review_is_told_once_it_is_let_through(self):
        group = self.group("--review", "all")
        ann, _ = self.member(self.a, group), self.member(self.b, group)
        note, other = self.posted(ann, group), self.posted(ann, group, "<p>Cheap watches</p>")
        self.settles(self.a, self.b)
        self.assertEqual(self.federations(self.b, group), [])
        self.assertEqual(self.b.collects(GROUP, group.reference, "notes")["items"], [])
        waiting = {row["object"]: row["id"] for row in group.pending()}
        self.assertEqual(set(waiting), {self.mirror_of_note(ann, note), self.mirror_of_note(ann, other)})
        group.accepts(waiting[self.mirror_of_note(ann, note)])
        group.command("reject", waiting[self.mirror_of_note(ann, other)])
        for domain in (self.a, self.b):
            self.federated(domain, group, ann.reference_of(note))
        self.settles(self.a, self.b)
        self.assertEqual(self.federations(self.b, group), [ann.reference_of(note)])

    def test_what_many_say_at_once_reaches_everybody_once_and_in_one_order(self):
        group = self.group()
        people = [self.member(domain, group) for domain in (self.a, self.b, self.c) for _ in range(2)]
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            said = list(pool.map(lambda number: self.says(people[number % 6], group, number), range(48)))
        for domain in (self.a, self.b, self.c):
            waits_for(
                "48 notes", lambda: len(self.federations(domain, group)) >= 48, otherwise=lambda: str(domain.inbox)
            )
        self.settles(self.a, self.b, self.c)
        told = [self.federations(domain, group) for domain in (self.a, self.b, self.c)]
        self.assertEqual(sorted(told[0]), sorted(said))
        self.assertEqual(told, [told[0]] * 3)

    def says(self, user, group, number):
        return user.reference_of(self.posted(user, group, f"<p>{number}</p>"))

    def test_whoever_deletes_themselves_is_gone(self):
        group = self.group()
        ann, bob = self.member(self.a, group), self.member(self.b, group)
        note = self.posted(ann, group)
        self.federated(self.b, group, ann.reference_of(note))
        gone = ann.passing("Delete", author=ann.reference, deleted_type="User", deleted=ann.reference)
        self.assertStatus(202, ann.sends(gone))
        waits_for(
            "that ann is gone", lambda: group.members() == [self.mirror(bob)], otherwise=lambda: str(group.members())
        )
        waits_for("that her note is", lambda: self.b.collects(GROUP, group.reference, "notes")["items"] == [])

    def test_a_group_of_the_people_next_door_is_another_one(self):
        one, other = self.group(), self.group()
        ann = self.member(self.a, one)
        self.member(self.a, other)
        note = self.posted(ann, one)
        self.federated(self.a, one, ann.reference_of(note))
        self.settles(self.a)
        self.assertEqual(self.federations(self.a, other), [])


class Lanes(Scene):
    def test_a_domain_that_was_away_hears_of_everything_once_and_in_order(self):
        group = self.group()
        away = self.spare()
        ann, _ = self.member(self.a, group), self.member(away, group)
        away.gone = True
        notes = [ann.reference_of(self.posted(ann, group, f"<p>{number}</p>")) for number in range(3)]
        self.federated(self.a, group, notes[-1])

        def is_failing():
            rows = [row for row in self.queue() if row["host"] == away.name]
            return [row for row in rows if row["failures"] > 0 and row["entries"] == 3]

        row = waits_for(f"that {away.name} is missed", is_failing)[0]
        self.assertEqual(row["state"], "backing_off")
        away.gone = False
        away.hears("pub.versia:groups/Federate", note=notes[-1], limit=60)  # it is tried again after 10 s
        self.settles(away)
        self.assertEqual(self.federations(away, group), notes)

    def test_the_operator_sees_who_speaks_versia(self):
        self.member(self.a, self.group())
        rows = [row for row in self.folkmoot.command("peer", "list") if row["host"] == "a.test"]
        self.assertEqual([row["class"] for row in rows], ["versia"])
        rows = [row for row in self.queue() if row["host"] == "a.test"]
        self.assertEqual([row["inbox"] for row in rows if "#" not in row["inbox"]], [f"https://a.test{INBOX}"])

    def test_what_is_sent_says_what_answer_it_understands(self):
        group = self.group()
        ann = self.member(self.a, group)
        note = self.posted(ann, group)
        told = self.federated(self.a, group, ann.reference_of(note))
        self.assertEqual(told.request.headers["Accept"], MEDIA_TYPE)

    def test_a_domain_that_is_blocked_is_out(self):
        group = self.group()
        domain = self.spare()
        ann, bob = self.member(domain, group), self.member(self.b, group)
        before = self.posted(ann, group)
        self.federated(domain, group, ann.reference_of(before))
        self.folkmoot.command("peer", "block", domain.name)
        self.assertIn(ann.says(group.reference)[1].status, (401, 403))
        self.assertIn(domain.gets(entity_path("User", group.name), FORUM).status, (401, 403, 404))
        note = self.posted(bob, group)
        self.federated(self.b, group, bob.reference_of(note))
        self.assertEqual(self.federations(domain, group), [ann.reference_of(before)])
        for iri in (self.mirror(ann), self.mirror_of_note(ann, before)):
            self.assertStatus(404, self.mastodon.asks_for(iri))
        self.folkmoot.command("peer", "unblock", domain.name)


class TheReference(Scene):
    """As the one implementation there is behaves on the wire (versia-pub/server 14bb2676)."""

    def test_a_member_on_the_reference_implementation_takes_part(self):
        group = self.group()
        domain = self.spare()
        domain.like_the_reference = True
        ann, bob = domain.user("alice"), self.member(self.b, group)
        how = {"headers": {"Accept": "*/*", "User-Agent": "Bun/1.3.11"}, "without": ["Content-Type"]}
        self.assertStatus(202, ann.asks("Subscribe", group.reference, **how))
        domain.hears("pub.versia:groups/SubscribeAccept", subscriber=ann.reference, group=group.reference)
        note = ann.writes(group.reference, subject="")
        for field in ("device", "quotes", "replies_to"):
            note.pop(field)
        for _ in range(3):  # one copy for each user that it knows
            self.assertStatus(202, ann.sends(note, **how))
        self.federated(self.b, group, ann.reference_of(note))
        self.settles(domain, self.b)
        self.assertEqual(self.federations(self.b, group), [ann.reference_of(note)])
        mirror = self.lemmy.looks_up(self.mirror(ann))
        self.assertEqual(mirror["name"], "Alice", "its users have another address there")
        other = self.posted(bob, group)
        self.federated(domain, group, bob.reference_of(other))


if __name__ == "__main__":
    unittest.main()

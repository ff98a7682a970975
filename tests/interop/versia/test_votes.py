"""Votes between the worlds: who likes on one side likes on the other, until they take it back.

One rule: a vote is an entity of its author's mirror, there to be fetched, and gone when it is taken back.
"""

import unittest

from domains import entity_path
from stage import FORUM, Scene

LIKE = "pub.versia:likes/Like"
DISLIKE = "pub.versia:likes/Dislike"
REACTION = "pub.versia:reactions/Reaction"
SHARE = "pub.versia:share/Share"


class ToVersia(Scene):
    """What ActivityPub members think of a post."""

    def setUp(self):
        super().setUp()
        self.garden = self.group()
        self.ann = self.member(self.a, self.garden)
        self.member(self.b, self.garden)
        self.lea = self.joined(self.lemmy, self.garden, "lea")
        self.mia = self.joined(self.mastodon, self.garden, "mia")
        self.page = self.said(self.lea, self.garden)
        self.note = self.new_federation(self.a, self.garden)

    def votes(self, person, kind, object, **fields):
        vote, answer = person.does(self.garden.iri, kind, object, **fields)
        self.assertStatus(202, answer)
        return vote

    def takes_back(self, person, vote):
        inner = {name: value for name, value in vote.items() if name != "@context"}
        self.votes(person, "Undo", inner)

    def gone(self, kind, id):
        self.assertStatus(404, self.a.gets(entity_path(kind, id), FORUM))

    def test_a_like_reaches_every_domain_once_by_the_mirror_of_whoever_likes(self):
        self.votes(self.mia, "Like", self.page["id"])
        for domain in (self.a, self.b):
            like = domain.hears(LIKE, liked=self.note)
            self.assertEqual(like.signed_by, FORUM)
            voter = domain.fetches(like["author"], "User")
            self.assertIn(self.mia.id, str(voter["extensions"]))
            self.assertEqual(domain.fetches(f"{FORUM}:{like['id']}", LIKE)["liked"], self.note)
        self.settles(self.a, self.b)
        self.assertEqual(len(self.a.heard(LIKE, liked=self.note)), 1)
        self.assertEqual(len(self.b.heard(LIKE, liked=self.note)), 1)

    def test_who_takes_it_back_deletes_it(self):
        vote = self.votes(self.lea, "Like", self.page["id"])
        like = self.a.hears(LIKE, liked=self.note)
        self.takes_back(self.lea, vote)
        delete = self.a.hears("Delete", deleted=f"{FORUM}:{like['id']}")
        self.assertEqual((delete["deleted_type"], delete["author"]), (LIKE, like["author"]))
        self.gone(LIKE, like["id"])

    def test_nobody_likes_and_dislikes_at_once(self):
        self.votes(self.lea, "Like", self.page["id"])
        like = self.a.hears(LIKE, liked=self.note)
        self.votes(self.lea, "Dislike", self.page["id"])
        dislike = self.a.hears(DISLIKE, disliked=self.note)
        delete = self.a.heard("Delete", deleted=f"{FORUM}:{like['id']}")[0]
        self.assertLess(delete.at, dislike.at)
        self.gone(LIKE, like["id"])
        self.assertEqual(self.a.collects("Note", self.note, "pub.versia:likes/Likes")["items"], [])
        disliked = self.a.collects("Note", self.note, "pub.versia:likes/Dislikes")
        self.assertEqual(disliked["items"], [f"{FORUM}:{dislike['id']}"])

    def test_a_reaction_says_which(self):
        self.votes(self.lea, "EmojiReact", self.page["id"], content="🌱")
        reaction = self.a.hears(REACTION, object=self.note)
        self.assertEqual(reaction["content"], "🌱")
        self.assertEqual(self.b.fetches(f"{FORUM}:{reaction['id']}", REACTION)["object"], self.note)
        listed = self.a.collects("Note", self.note, "pub.versia:reactions/Reactions")
        self.assertEqual(listed["items"], [f"{FORUM}:{reaction['id']}"])
        self.assertEqual(self.a.collects("Note", self.note, "pub.versia:likes/Likes")["total"], 0)

    def test_a_note_of_versia_is_named_where_it_is(self):
        note = self.posted(self.ann, self.garden)
        mirror = self.mirror_of_note(self.ann, note)
        self.lemmy.hears("the note", "Announce", lambda heard: mirror in str(heard))
        self.votes(self.lea, "Like", mirror)
        for domain in (self.a, self.b):
            domain.hears(LIKE, liked=self.ann.reference_of(note))

    def test_who_follows_hears_of_votes_on_notes_of_versia(self):
        gus = self.follower(self.c, self.garden)
        self.votes(self.lea, "Like", self.page["id"])
        self.a.hears(LIKE, liked=self.note)
        _, answer = gus.says("public", mentions=[self.garden.sharer])
        self.assertStatus(202, answer)
        share = self.c.hears(SHARE, author=self.garden.sharer, times=1)
        mirror = f"{self.base}/bridge/versia/{share['shared'].replace(':', '/notes/')}"
        self.lemmy.hears("the note", "Announce", lambda heard: mirror in str(heard))
        self.votes(self.mia, "Like", mirror)
        self.c.hears(LIKE, liked=share["shared"])
        self.settles(self.c)
        self.assertEqual(self.c.heard(LIKE, liked=self.note), [])

    def test_lists_come_in_parts(self):
        for number in range(3):
            person = self.joined(self.lemmy, self.garden, f"voter{number}")
            self.votes(person, "Like", self.page["id"])
        _, answer = self.ann.does(LIKE, liked=self.note)
        self.assertStatus(202, answer)
        whole = self.a.collects("Note", self.note, "pub.versia:likes/Likes")
        self.assertEqual((whole["total"], len(whole["items"])), (4, 4))
        parts = [self.a.collects("Note", self.note, "pub.versia:likes/Likes", offset=at, limit=2) for at in (0, 2)]
        self.assertEqual([item for part in parts for item in part["items"]], whole["items"])
        self.assertEqual({part["total"] for part in parts}, {4})
        shares = self.a.collects("Note", self.note, "pub.versia:share/Shares")
        self.assertEqual(self.a.fetches(shares["items"][0], SHARE)["shared"], self.note)

    def test_a_user_has_lists_of_what_they_like(self):
        self.votes(self.lea, "Like", self.page["id"])
        like = self.a.hears(LIKE, liked=self.note)
        liked = self.a.collects("User", like["author"], "pub.versia:likes/Likes")
        self.assertEqual((liked["author"], liked["items"]), (like["author"], [self.note]))
        self.assertEqual(self.a.collects("User", like["author"], "pub.versia:likes/Dislikes")["total"], 0)
        self.assertEqual(self.a.collects("User", self.garden.sharer, "pub.versia:likes/Likes")["total"], 0)

    def test_with_the_bridge_off_each_world_votes_for_itself(self):
        first = self.votes(self.mia, "Like", self.page["id"])
        like = self.a.hears(LIKE, liked=self.note)
        self.garden.command("set", "--bridge", "off")
        self.votes(self.lea, "Like", self.page["id"])
        self.takes_back(self.mia, first)
        self.a.hears("Delete", deleted=f"{FORUM}:{like['id']}")
        self.settles(self.a)
        self.assertEqual(len(self.a.heard(LIKE, liked=self.note)), 1)

    def test_who_wants_no_bridge_votes_at_home(self):
        tim = self.joined(self.lemmy, self.garden, "tim", summary="<p>#nobridge</p>")
        self.takes_back(tim, self.votes(tim, "Like", self.page["id"]))
        self.votes(self.mia, "Like", self.page["id"])
        self.a.hears(LIKE, liked=self.note)
        self.settles(self.a)
        self.assertEqual(len(self.a.heard(LIKE, liked=self.note)), 1)
        self.assertEqual(self.a.collects("Note", self.note, "pub.versia:likes/Likes")["total"], 1)


class FromVersia(Scene):
    """What a Versia member thinks of a post, and does not any more."""

    def test_what_is_taken_back_by_its_id_is_undone_around_what_was_said(self):
        garden = self.group()
        ann = self.member(self.a, garden)
        lea = self.joined(self.lemmy, garden, "lea")
        page = self.said(lea, garden)
        note = self.new_federation(self.a, garden)
        for kind, field, word in ((LIKE, "liked", "Like"), (DISLIKE, "disliked", "Dislike")):
            vote, answer = ann.does(kind, **{field: note})
            self.assertStatus(202, answer)
            gone = ann.passing("Delete", author=ann.reference, deleted_type=kind, deleted=f"a.test:{vote['id']}")
            self.assertStatus(202, ann.sends(gone))

            def undoes(heard, word=word):
                inner = heard["object"]
                is_theirs = inner["type"] == "Undo" and inner["actor"] == self.mirror(ann)
                return is_theirs and inner["object"]["type"] == word

            undo = self.lemmy.hears(f"an Undo of a {word}", "Announce", undoes)["object"]
            self.assertEqual((undo["object"]["object"], undo["object"]["actor"]), (page["id"], self.mirror(ann)))
            self.assertEqual(undo["actor"], self.mirror(ann))


if __name__ == "__main__":
    unittest.main()

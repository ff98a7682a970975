"""One group, two protocols: what is written in one is read in the other.

One rule: a mirror says whose it is and where it comes from, and there is one post, never a copy that can drift.
"""

import unittest

from domains import GROUP, entity_path
from stage import FORUM, Scene

FEDERATE = "pub.versia:groups/Federate"


def bridge(entity):
    """What a mirror says of its origin."""
    found = [inner for name, inner in (entity.get("extensions") or {}).items() if name.endswith(":bridge")]
    assert len(found) == 1, f"without a label: {entity}"
    return found[0]


def html(entity, field="content"):
    return entity[field]["text/html"]["content"]


class ToVersia(Scene):
    """What is written on ActivityPub."""

    def setUp(self):
        super().setUp()
        self.garden = self.group()
        self.member(self.b, self.garden)

    def told(self, known=()):
        reference = self.new_federation(self.b, self.garden, known)
        return reference, self.b.fetches(reference, "Note")

    def test_a_post_is_federated_as_a_note_that_is_fetchable_valid_and_labelled(self):
        lea = self.joined(self.lemmy, self.garden, "lea", summary="<p>Digs.</p>")
        page = self.said(lea, self.garden, "Leeks", "Dig them?")
        reference, note = self.told()
        self.assertTrue(reference.startswith(f"{FORUM}:"))
        self.assertEqual(note["group"], self.garden.reference)
        self.assertEqual(note["category"], "forum")
        self.assertEqual(note["subject"], "Leeks")
        self.assertFalse(note["is_sensitive"])
        self.assertIn("Dig them?", html(note))
        self.assertIn("Dig them?", note["content"]["text/plain"]["content"])
        self.assertNotIn("<p>", note["content"]["text/plain"]["content"])
        label = bridge(note)
        self.assertEqual(label["protocol"], "activitypub")
        self.assertEqual(label["id"], page["id"])
        self.assertEqual(label["url"], page["url"])

    def test_its_author_is_a_user_who_is_labelled(self):
        lea = self.joined(self.lemmy, self.garden, "lea")
        self.said(lea, self.garden)
        _, note = self.told()
        user = self.b.fetches(note["author"], "User")
        actor = self.lemmy.documents[lea.id]
        name, authority = actor["preferredUsername"], self.lemmy.authority
        self.assertEqual(user["username"], f"{name}_{authority}".replace(".", "_").replace(":", "_"))
        self.assertEqual(user["display_name"], actor["name"])
        self.assertTrue(user["manually_approves_followers"])
        self.assertIn("mirrored from", html(user, "bio").lower())
        links = [html(field, "value") for field in user["fields"]]
        self.assertTrue(any(actor["url"] in link or lea.id in link for link in links), links)
        label = bridge(user)
        self.assertEqual(label["protocol"], "activitypub")
        self.assertEqual(label["id"], lea.id)
        self.assertEqual(label["handle"].lstrip("@"), f"{name}@{authority}")

    def test_its_author_looks_as_they_do_at_home(self):
        icon = {"type": "Image", "mediaType": "image/png", "url": f"{self.lemmy.base}/lea.png"}
        lea = self.joined(self.lemmy, self.garden, "lea", summary="<p>Digs.</p>", icon=icon)
        self.said(lea, self.garden)
        _, note = self.told()
        user = self.b.fetches(note["author"], "User")
        self.assertIn("Digs.", html(user, "bio"))
        self.assertEqual(user["avatar"]["image/png"]["content"], icon["url"])
        self.assertTrue(user["indexable"], "as the actor says")

    def test_an_author_is_one_user_whatever_they_write(self):
        lea = self.joined(self.lemmy, self.garden)
        self.said(lea, self.garden, "One")
        one, first = self.told()
        self.said(lea, self.garden, "Two")
        _, second = self.told([one])
        self.assertEqual(first["author"], second["author"])
        self.assertIn(first["author"], self.b.collects(GROUP, self.garden.reference, "members")["items"])

    def test_who_does_not_say_so_is_not_indexable(self):
        max = self.person(self.mastodon, "max")
        self.mastodon.documents[max.id].pop("indexable")
        max.is_let_in(max.joins(self.garden.iri))
        self.said(max, self.garden)
        _, note = self.told()
        self.assertFalse(self.b.fetches(note["author"], "User")["indexable"])

    def test_a_content_warning_is_one_there(self):
        mia = self.joined(self.mastodon, self.garden, "mia")
        self.said(mia, self.garden, summary="Slugs", sensitive=True)
        _, note = self.told()
        self.assertEqual(note["subject"], "Slugs")
        self.assertTrue(note["is_sensitive"])

    def test_pictures_and_links_come_with_it(self):
        lea = self.joined(self.lemmy, self.garden, "lea")
        image = {
            "type": "Image",
            "mediaType": "image/webp",
            "url": "https://m.test/1.webp",
            "name": "a leek",
            "width": 640,
            "height": 480,
        }
        link = {"type": "Link", "href": "https://soil.test/article"}
        self.said(lea, self.garden, "Look", attachment=[image])
        one, note = self.told()
        self.assertEqual(note["attachments"][0]["image/webp"]["content"], "https://m.test/1.webp")
        self.assertEqual(note["attachments"][0]["image/webp"]["description"], "a leek")
        self.said(lea, self.garden, "Read", attachment=[link])
        _, note = self.told([one])
        self.assertEqual([preview["link"] for preview in note["previews"]], ["https://soil.test/article"])

    def test_what_is_active_is_taken_out(self):
        lea = self.joined(self.lemmy, self.garden)
        self.said(lea, self.garden, content="Hi<script>alert(1)</script><img src=x onerror=alert(1)>")
        _, note = self.told()
        self.assertIn("Hi", html(note))

    def test_an_edit_is_told_again(self):
        lea = self.joined(self.lemmy, self.garden)
        page = self.said(lea, self.garden)
        reference, _ = self.told()
        self.assertStatus(202, lea.wraps(self.garden.iri, "Update", {**page, "content": "<p>Changed</p>"})[1])
        self.federated(self.b, self.garden, reference, times=2)
        self.assertIn("Changed", html(self.b.fetches(reference, "Note")))

    def test_a_deletion_is_told_and_the_note_is_gone(self):
        lea = self.joined(self.lemmy, self.garden)
        page = self.said(lea, self.garden)
        reference, note = self.told()
        self.assertStatus(202, lea.wraps(self.garden.iri, "Delete", page["id"])[1])
        deleted = self.b.hears("Delete", deleted=reference)
        self.assertEqual(deleted["deleted_type"], "Note")
        self.assertTrue(deleted["author"].startswith(f"{FORUM}:"))
        self.assertStatus(404, self.b.gets(entity_path("Note", reference.split(":")[1]), FORUM))
        self.assertEqual(self.b.collects(GROUP, self.garden.reference, "notes")["items"], [])
        self.assertEqual(note["id"], reference.split(":")[1])

    def test_an_answer_names_the_note_that_it_answers(self):
        ann = self.member(self.a, self.garden)
        note = self.posted(ann, self.garden)
        self.federated(self.b, self.garden, ann.reference_of(note))
        lea = self.joined(self.lemmy, self.garden)
        reply = lea.reply(self.garden.iri, self.mirror_of_note(ann, note), "Yes!")
        self.assertStatus(202, lea.wraps(self.garden.iri, "Create", reply)[1])
        reference, answer = self.told([ann.reference_of(note)])
        self.assertEqual(answer["replies_to"], ann.reference_of(note), "a true reference, not a mirror of a mirror")
        again = lea.reply(self.garden.iri, reply["id"], "Or no.")
        self.assertStatus(202, lea.wraps(self.garden.iri, "Create", again)[1])
        _, answer = self.told([ann.reference_of(note), reference])
        self.assertEqual(answer["replies_to"], reference)

    def test_nobody_follows_a_mirror(self):
        lea = self.joined(self.lemmy, self.garden)
        self.said(lea, self.garden)
        _, note = self.told()
        ann = self.a.user("ann")
        self.assertIn(ann.follows(note["author"]).status, (202, 403, 404))
        self.settles(self.a)
        self.assertEqual(self.a.heard("FollowAccept", follower=ann.reference), [])

    def test_where_the_bridge_is_off_nothing_passes(self):
        self.folkmoot.command("group", "set", self.garden.name, "--bridge", "off")
        ann = self.member(self.a, self.garden)
        lea = self.joined(self.lemmy, self.garden)
        page = self.said(lea, self.garden)
        note = self.posted(ann, self.garden)
        self.federated(self.b, self.garden, ann.reference_of(note))
        self.settles(self.a, self.b, self.lemmy)
        self.assertEqual(self.federations(self.b, self.garden), [ann.reference_of(note)])
        self.assertEqual(self.lemmy.tellings(self.mirror_of_note(ann, note)), [])
        self.assertEqual(self.b.collects(GROUP, self.garden.reference, "notes")["items"], [ann.reference_of(note)])
        self.folkmoot.command("group", "set", self.garden.name, "--bridge", "on")
        self.said(lea, self.garden, "On again")
        _, told = self.told([ann.reference_of(note)])
        self.assertEqual(bridge(told)["protocol"], "activitypub")
        self.assertNotEqual(bridge(told)["id"], page["id"])

    def test_who_does_not_want_to_be_mirrored_is_not(self):
        people = [
            self.joined(self.mastodon, self.garden, "nia", summary="<p>Digs. #nobridge</p>"),
            self.joined(self.mastodon, self.garden, "noa", indexable=False),
        ]
        for who in people:
            self.said(who, self.garden)
        lea = self.joined(self.lemmy, self.garden)
        page = self.said(lea, self.garden)
        _, note = self.told()
        self.assertEqual(bridge(note)["id"], page["id"])
        self.settles(self.b)
        self.assertEqual(len(self.federations(self.b, self.garden)), 1)
        for who in people:
            self.assertIn(who.id, self.garden.members(), "they are members all the same")

    def test_a_group_that_changes_is_told_anew(self):
        self.folkmoot.command("group", "set", self.garden.name, "--title", "Diggers")
        group = self.b.hears(GROUP, id=f"group-{self.garden.name}")
        self.assertEqual(html(group, "name"), "Diggers")
        self.assertEqual(self.b.fetches(self.garden.reference, GROUP)["name"], group["name"])

    def test_a_group_that_is_closed_is_deleted(self):
        self.garden.command("close")
        deleted = self.b.hears("Delete", deleted=self.garden.reference)
        self.assertEqual(deleted["deleted_type"], GROUP)
        self.assertEqual(deleted["author"], self.garden.sharer)


class ToActivityPub(Scene):
    """What is written on Versia."""

    def setUp(self):
        super().setUp()
        self.garden = self.group()
        self.name = f"annie{next(self.stage.numbers)}"
        self.ann = self.member(self.a, self.garden, name=self.name)
        self.lea = self.joined(self.lemmy, self.garden, "lea")
        self.mia = self.joined(self.mastodon, self.garden, "mia")

    def announced(self, kind, note):
        """What class threadiverse hears of it: the activity inside."""
        mirror = self.mirror_of_note(self.ann, note)

        def is_of(document):
            inner = document["object"]
            object = inner.get("object")
            return inner["type"] == kind and (object.get("id") if isinstance(object, dict) else object) == mirror

        return self.lemmy.hears(f"{kind} of {mirror}", "Announce", is_of)["object"]

    def test_a_note_is_announced_and_object_and_author_dereference_here(self):
        note = self.posted(self.ann, self.garden, "<p>Dig them?</p>", subject="Leeks")
        mirror = self.mirror_of_note(self.ann, note)
        create = self.announced("Create", note)
        self.assertEqual(create["actor"], self.mirror(self.ann))
        self.assertEqual(create["object"]["attributedTo"], self.mirror(self.ann))
        self.assertEqual(create["object"]["audience"], self.garden.iri)
        self.assertStatus(200, self.lemmy.asks_for(create["id"]))
        self.mastodon.hears("a boost", "Announce", lambda heard: heard["object"] == mirror)
        for town in (self.lemmy, self.mastodon):
            post, author = town.reads(mirror)
            self.assertIn("Dig them?", post["content"])
            self.assertEqual(post["name"], "Leeks")
            self.assertIn("a.test", post["url"])
            self.assertIn(note["id"], post["url"])
            self.assertEqual(author["id"], self.mirror(self.ann))

    def test_its_author_is_a_person_who_is_labelled(self):
        self.posted(self.ann, self.garden)
        person = self.mastodon.looks_up(self.mirror(self.ann))
        self.assertEqual(person["type"], "Person")
        self.assertEqual(person["preferredUsername"], f"{self.name}_a_test")
        self.assertEqual(person["name"], self.name.capitalize())
        self.assertIn("mirrored from", person["summary"].lower())
        self.assertIn("a.test", person["url"])
        self.assertEqual(self.mastodon.fetches(person["outbox"])["totalItems"], 0)

    def test_what_is_sent_to_a_mirror_goes_nowhere_and_breaks_nothing(self):
        person = self.mastodon.looks_up(self.mirror(self.ann))
        for kind, object in (
            ("Follow", person["id"]),
            ("Block", person["id"]),
            ("Create", self.mia.post(person["id"], "", "Psst")),
        ):
            activity = {
                "id": self.mia.mint("x"),
                "type": kind,
                "actor": self.mia.id,
                "to": [person["id"]],
                "object": object,
            }
            for inbox in (person["inbox"], person["endpoints"]["sharedInbox"]):
                self.assertIn(self.mia.sends(inbox, activity).status, (202, 403, 404, 405), f"{kind} to {inbox}")

    def test_two_of_one_name_are_two(self):
        other = self.member(self.a, self.garden, name=self.name)
        names = {self.mastodon.looks_up(self.mirror(who))["preferredUsername"] for who in (self.ann, other)}
        self.assertEqual(len(names), 2)

    def test_a_warning_is_one_there_and_what_is_active_is_taken_out(self):
        note = self.posted(self.ann, self.garden, "<p>Hi</p><script>x</script>", subject="Slugs", is_sensitive=True)
        object = self.announced("Create", note)["object"]
        self.assertEqual((object["summary"], object["sensitive"]), ("Slugs", True))
        self.assertIsNone(object.get("name"))
        self.assertNotIn("script", object["content"])

    def test_an_edit_is_announced(self):
        note = self.posted(self.ann, self.garden)
        self.announced("Create", note)
        self.assertStatus(202, self.ann.edits(note, "<p>Changed</p>"))
        self.assertIn("Changed", self.announced("Update", note)["object"]["content"])
        self.assertIn("Changed", self.lemmy.fetches(self.mirror_of_note(self.ann, note))["content"])

    def test_a_deletion_is_announced(self):
        note = self.posted(self.ann, self.garden)
        self.announced("Create", note)
        self.assertStatus(202, self.ann.deletes(note))
        self.announced("Delete", note)
        mirror = self.mirror_of_note(self.ann, note)
        self.mastodon.hears("that it is taken back", "Undo", lambda heard: heard["object"]["object"] == mirror)
        self.assertIn(self.lemmy.asks_for(mirror).status, (404, 410))

    def test_an_answer_names_the_post_that_it_answers(self):
        page = self.said(self.lea, self.garden)
        answered = self.new_federation(self.a, self.garden)
        note = self.posted(self.ann, self.garden, "<p>Yes!</p>", replies_to=answered)
        self.assertEqual(self.announced("Create", note)["object"]["inReplyTo"], page["id"])
        again = self.posted(self.ann, self.garden, "<p>Or no.</p>", replies_to=self.ann.reference_of(note))
        inner = self.announced("Create", again)["object"]
        self.assertEqual(inner["inReplyTo"], self.mirror_of_note(self.ann, note))

    def test_a_bare_answer_is_to_ones_own_domain(self):
        note = self.posted(self.ann, self.garden)
        again = self.posted(self.ann, self.garden, "<p>Or no.</p>", replies_to=note["id"])
        self.assertEqual(self.announced("Create", again)["object"]["inReplyTo"], self.mirror_of_note(self.ann, note))

    def test_votes_count(self):
        page = self.said(self.lea, self.garden)
        post = self.new_federation(self.a, self.garden)
        like, answer = self.ann.does("pub.versia:likes/Like", liked=post)
        self.assertStatus(202, answer)
        note = self.posted(self.ann, self.garden)

        def votes(kind, object):
            return lambda heard: heard["object"]["type"] == kind and heard["object"].get("object") == object

        other = self.member(self.b, self.garden)
        self.assertStatus(202, other.does("pub.versia:likes/Dislike", disliked=self.ann.reference_of(note))[1])
        disliked = self.lemmy.hears("a Dislike", "Announce", votes("Dislike", self.mirror_of_note(self.ann, note)))
        self.assertEqual(disliked["object"]["actor"], self.mirror(other))
        # A Lemmy hears nothing of its own posts' votes but what others cast.
        liked = self.lemmy.hears("a Like", "Announce", votes("Like", page["id"]))
        self.assertEqual(liked["object"]["actor"], self.mirror(self.ann))
        self.assertStatus(200, self.lemmy.asks_for(liked["object"]["id"]))
        undo = self.ann.passing(
            "Delete", author=self.ann.reference, deleted_type="pub.versia:likes/Like", deleted=f"a.test:{like['id']}"
        )
        self.assertStatus(202, self.ann.sends(undo))

        def undone(heard):
            inner = heard["object"]
            return inner["type"] == "Undo" and inner["object"].get("object") == page["id"]

        self.assertEqual(self.lemmy.hears("its Undo", "Announce", undone)["object"]["actor"], self.mirror(self.ann))

    def test_a_reaction_is_taken(self):
        note = self.posted(self.ann, self.garden)
        other = self.member(self.b, self.garden)
        _, answer = other.does("pub.versia:reactions/Reaction", object=self.ann.reference_of(note), content="🌱")
        self.assertStatus(202, answer)

    def test_a_report_reaches_whoever_runs_the_group(self):
        self.said(self.lea, self.garden)
        post = self.new_federation(self.a, self.garden)
        report = self.ann.passing(
            "pub.versia:reports/Report",
            author=self.ann.reference,
            reported=[post],
            tags=["spam"],
            comment="Cheap watches",
        )
        self.assertStatus(202, self.ann.sends(report))
        self.assertIn("Cheap watches", str(self.garden.command("reports")))

    def test_a_user_who_changes_is_seen_anew(self):
        self.posted(self.ann, self.garden)
        user = self.a.entities[("User", self.ann.id)]
        user.update(display_name="Annie the Digger")
        self.assertStatus(202, self.ann.sends(user))
        self.assertEqual(self.mastodon.looks_up(self.mirror(self.ann))["name"], "Annie the Digger")

    def test_nothing_that_we_mirrored_is_mirrored_again(self):
        page = self.said(self.lea, self.garden)
        post = self.new_federation(self.a, self.garden)
        mirror = self.a.fetches(post, "Note")
        # Another server passes our mirror on as its own.
        self.assertIn(self.a.posts({**mirror, "author": self.ann.reference}, FORUM).status, (202, 403))
        _, answer = self.ann.says(self.garden.reference, extensions=mirror["extensions"])
        self.assertIn(answer.status, (202, 403))
        marker = self.posted(self.ann, self.garden, "<p>After that</p>")
        self.announced("Create", marker)
        self.settles(self.lemmy, self.a)
        heard = [
            announce["object"]["object"]
            for announce in self.lemmy.heard("Announce")
            if announce["actor"] == self.garden.iri
        ]
        contents = [object["content"] for object in heard if isinstance(object, dict)]
        self.assertEqual([content for content in contents if "After that" not in content], [], page)


if __name__ == "__main__":
    unittest.main()

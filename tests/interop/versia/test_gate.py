"""What is not let in: badly signed, old, in another's name, misshapen.

One rule: a refusal has a status, and nothing changes by it.
"""

import json
import time
import unittest

import signing
from activitypub import Refused
from domains import GROUP, INBOX, INSTANCE, entity_path, now, text
from stage import FORUM, Scene

SUBSCRIBE = "pub.versia:groups/Subscribe"


class Signatures(Scene):
    def setUp(self):
        super().setUp()
        self.garden = self.group()

    def both(self, **how):
        """What a POST and a GET are answered that are wrong in this way."""
        group = self.garden
        ann = self.a.user("ann")
        posted = ann.asks("Subscribe", group.reference, **how)
        self.assertEqual(group.members(), [], how)
        how.pop("signed_body", None)
        got = self.a.gets(entity_path("User", group.name), FORUM, **how)
        return posted.status, got.status

    def test_a_missing_signature_is_a_401(self):
        for name in (signing.SIGNATURE, signing.SIGNED_BY, signing.SIGNED_AT):
            self.assertEqual(self.both(without=[name]), (401, 401), name)

    def test_a_401_asks_for_the_headers_and_names_the_one_that_is_missing(self):
        written = ["Versia-Signature", "Versia-Signed-By", "Versia-Signed-At"]
        for name in written:
            answer = self.a.gets(entity_path("User", self.garden.name), FORUM, without=[name])
            asked = answer.headers["www-authenticate"]
            self.assertTrue(asked.startswith("Versia ") and name.lower() in asked, asked)
            detail = answer.json()["detail"]
            self.assertEqual([one for one in written if one in detail.split("lacks")[1]], [name], detail)

    def test_a_garbled_signature_is_a_401(self):
        other = signing.Key().sign("something else")
        for garbled in ("", "!", "AAAA", other, other[:-4], other + other):
            self.assertEqual(self.both(headers={signing.SIGNATURE: garbled}), (401, 401), garbled)

    # A 422 is given by the inbox alone.
    def test_a_stale_signature_is_a_422(self):
        for late in (310, 86400, time.time()):
            self.assertEqual(self.both(signed_at=int(time.time() - late)), (422, 401), late)

    def test_a_signature_of_the_future_is_a_422(self):
        for early in (330, 86400, 10**9):
            self.assertEqual(self.both(signed_at=int(time.time() + early)), (422, 401), early)

    def test_a_time_within_five_minutes_is_now(self):
        for late in (290, -280):
            ann, group = self.a.user("ann"), self.group()
            self.assertStatus(202, ann.asks("Subscribe", group.reference, signed_at=int(time.time() - late)))
            self.a.hears("pub.versia:groups/SubscribeAccept", group=group.reference)

    def test_a_time_in_milliseconds_is_understood(self):
        ann, group = self.a.user("ann"), self.group()
        self.assertStatus(202, ann.asks("Subscribe", group.reference, signed_at=int(time.time() * 1000)))
        self.a.hears("pub.versia:groups/SubscribeAccept", group=group.reference)

    def test_a_time_that_is_none_is_refused(self):
        for odd in ("now", "-1", "1e9", "NaN", "9" * 40, " "):
            posted, got = self.both(signed_at=odd)
            self.assertIn(posted, (401, 422), odd)
            self.assertIn(got, (401, 422), odd)

    def test_another_key_another_body_and_another_path_are_401(self):
        self.assertEqual(self.both(key=signing.Key()), (401, 401))
        self.assertEqual(self.both(key=self.b.key), (401, 401))
        self.assertEqual(self.both(signed_by="b.test"), (401, 401))
        self.assertEqual(self.both(signed_path="/.versia/v0.6/inbox/"), (401, 401))
        self.assertEqual(self.both(signed_body=b"{}")[0], 401)

    def test_nobody_signs_as_ourselves_or_as_no_domain(self):
        for name in (
            FORUM,
            FORUM.upper(),
            "a.test:80",
            "a.test.",
            "A.TEST",
            "https://a.test",
            "a.test/x",
            "127.0.0.1",
            "localhost",
            "a..test",
            "[::1]",
        ):
            for status in self.both(signed_by=name):
                self.assertIn(status, (401, 403), name)

    def test_older_versions_are_told_so_and_asked_for_nothing(self):
        old = self.spare()
        ann = old.user("ann")
        for how in (
            {"signed_by": f"https://{old.name}"},
            {"signed_by": f"instance {old.name}"},
            {"without": [signing.SIGNATURE], "headers": {"X-Signature": "AAAA", "X-Signed-By": old.name}},
        ):
            answer = ann.asks("Subscribe", self.garden.reference, **how)
            self.assertStatus(401, answer)
            self.assertIn(b"0.6", answer.body)
        self.assertEqual(old.fetched, [])

    def test_metadata_of_another_domain_open_nothing(self):
        liar = self.spare()
        liar.metadata["domain"] = "a.test"
        self.assertStatus(401, liar.user("eve").asks("Subscribe", self.group().reference))

    def test_metadata_without_a_proper_key_open_nothing(self):
        raw = signing.Key()
        for key in ({"algorithm": "rsa"}, {"key": "AAAA"}, {"key": raw.public[16:]}):
            odd = self.spare()
            odd.metadata["public_key"].update(key)
            self.assertStatus(401, odd.user("eve").asks("Subscribe", self.group().reference))

    def test_metadata_that_are_elsewhere_or_endless_open_nothing(self):
        elsewhere = {"Location": self.a.listener.base + INSTANCE, "Content-Type": "text/plain"}
        endless = {"Content-Type": "application/vnd.versia+json; charset=utf-8"}
        for answer in (
            (302, elsewhere, b""),
            (301, elsewhere, b""),
            (200, endless, b" " * (1 << 19) + b"{}"),
            (500, {}, b""),
            (200, endless, b"[]"),
        ):
            odd = self.spare()
            odd.instead[INSTANCE] = answer
            self.assertIn(odd.user("eve").asks("Subscribe", self.group().reference).status, (401, 503), answer[0])

    def test_a_domain_that_does_not_answer_is_not_believed(self):
        away = self.spare()
        away.gone = True
        self.assertIn(away.user("eve").asks("Subscribe", self.group().reference).status, (401, 503))

    def test_a_domain_that_is_nowhere_is_not_believed(self):
        answer = self.a.user("eve").asks("Subscribe", self.group().reference, signed_by="nowhere.test")
        self.assertIn(answer.status, (401, 503))

    def test_a_new_key_is_found_in_the_metadata(self):
        domain, group = self.spare(), self.group()
        self.member(domain, group)
        domain.changes_key()
        self.member(domain, group)

    def test_a_request_that_comes_twice_does_nothing_twice(self):
        group = self.group()
        ann, _ = self.member(self.a, group), self.member(self.b, group)
        note = ann.writes(group.reference)
        body = json.dumps(note).encode()
        headers = self.a.signed("POST", INBOX, body)
        for _ in range(3):
            self.assertStatus(202, self.a.sends_again(FORUM, headers, body))
        # Another signature of the same.
        self.assertStatus(202, ann.sends(note, signed_at=int(time.time()) - 5))
        self.federated(self.b, group, ann.reference_of(note))
        self.settles(self.a, self.b)
        self.assertEqual(self.federations(self.b, group), [ann.reference_of(note)])


class Users(Scene):
    """Who somebody is, is read where they live; that nothing is read there keeps nobody out."""

    def joins(self, domain, user):
        group = self.group()
        self.assertStatus(202, user.asks("Subscribe", group.reference))
        domain.hears("pub.versia:groups/SubscribeAccept", subscriber=user.reference, group=group.reference)

    def name(self, user):
        return self.mastodon.looks_up(self.mirror(user))["name"]

    def is_not_shown(self, user):
        """Only their own document says whether they want to be shown in ActivityPub."""
        with self.assertRaises(Refused):
            self.mastodon.looks_up(self.mirror(user))

    def test_an_answer_that_another_signed_is_not_believed(self):
        domain = self.spare()
        domain.answers_with = signing.Key()
        user = domain.user("mallory")
        self.joins(domain, user)
        self.is_not_shown(user)

    def test_an_answer_that_nobody_signed_is_believed(self):
        domain = self.spare()
        user = domain.user("walter")
        body = json.dumps(domain.entities[("User", user.id)]).encode()
        domain.instead[entity_path("User", user.id)] = (200, {"Content-Type": "application/json"}, body)
        self.joins(domain, user)
        self.assertEqual(self.name(user), "Walter")

    def test_a_user_with_another_id_is_not_believed(self):
        domain = self.spare()
        user = domain.user("mallory")
        domain.entities[("User", user.id)]["id"] = "somebody-else"
        self.joins(domain, user)
        self.is_not_shown(user)

    def test_a_user_who_cannot_be_read_takes_part_all_the_same(self):
        domain = self.spare()
        user = domain.user("ghost")
        domain.entities.pop(("User", user.id))
        self.joins(domain, user)
        self.is_not_shown(user)

    def test_what_a_user_says_of_themselves_is_made_harmless(self):
        domain = self.spare()
        odd = {"display_name": "<script>alert(1)</script>", "bio": text("<script>x</script><p onclick='x'>Hi</p>")}
        user = domain.user("odd", **odd)
        self.joins(domain, user)
        person = self.mastodon.looks_up(self.mirror(user))
        self.assertNotRegex(person["summary"], "script|onclick")


class Authority(Scene):
    def test_a_foreign_author_is_a_403(self):
        group = self.group()
        self.member(self.a, group)
        bob = self.member(self.b, group)
        note = {**bob.writes(group.reference), "id": "forged"}
        self.assertStatus(403, self.a.posts(note, FORUM))
        self.settles(self.a, self.b)
        self.assertEqual(self.federations(self.b, group), [])

    def test_a_foreign_subscriber_and_a_foreign_follower_are_403(self):
        group = self.group()
        bob = self.b.user("bob")
        for type in (SUBSCRIBE, "pub.versia:groups/Unsubscribe"):
            entity = bob.passing(type, subscriber=bob.reference, group=group.reference)
            self.assertStatus(403, self.a.posts(entity, FORUM))
        for type in ("Follow", "Unfollow"):
            entity = bob.passing(type, author=bob.reference, followee=group.sharer)
            self.assertStatus(403, self.a.posts(entity, FORUM))
        self.assertEqual(group.members("all"), [])

    def test_nobody_is_put_out_by_a_foreign_unsubscribe(self):
        group = self.group()
        bob = self.member(self.b, group)
        entity = bob.passing("pub.versia:groups/Unsubscribe", subscriber=bob.reference, group=group.reference)
        self.assertStatus(403, self.a.posts(entity, FORUM))
        self.assertEqual(group.members(), [self.mirror(bob)])

    def test_a_foreign_delete_is_a_403_and_the_note_is_still_there(self):
        group = self.group()
        ann, bob = self.member(self.a, group), self.member(self.b, group)
        note = ann.reference_of(self.posted(ann, group))
        mine = {"author": bob.reference, "deleted_type": "Note", "deleted": note}
        for fields in (mine, {**mine, "author": ann.reference}):
            self.assertStatus(403, self.b.posts(bob.passing("Delete", **fields), FORUM))
        self.assertEqual(self.b.collects(GROUP, group.reference, "notes")["items"], [note])

    def test_a_foreign_vote_and_a_foreign_report_are_403(self):
        group = self.group()
        ann, bob = self.member(self.a, group), self.member(self.b, group)
        note = ann.reference_of(self.posted(ann, group))
        for type, field in (("pub.versia:likes/Like", "liked"), ("pub.versia:likes/Dislike", "disliked")):
            self.assertStatus(
                403, self.a.posts(bob.passing(type, id="x1", author=bob.reference, **{field: note}), FORUM)
            )
        report = bob.passing(
            "pub.versia:reports/Report", author=bob.reference, reported=[note], tags=[], comment="spam"
        )
        self.assertStatus(403, self.a.posts(report, FORUM))

    def test_a_foreign_user_is_a_403(self):
        bob = self.b.user("bob")
        user = self.b.entities[("User", bob.id)]
        self.assertIn(self.a.posts({**user, "id": "x", "author": bob.reference}, FORUM).status, (202, 403))
        self.assertIn(self.a.posts({**user, "id": bob.reference}, FORUM).status, (403, 422))

    def test_a_bare_subscriber_author_or_note_is_the_signers_own(self):
        group = self.group()
        ann = self.a.user("ann")
        self.assertStatus(202, ann.sends(ann.passing(SUBSCRIBE, subscriber=ann.id, group=group.reference)))
        self.a.hears("pub.versia:groups/SubscribeAccept", subscriber=ann.reference, group=group.reference)
        note = ann.writes(group.reference, author=ann.id)
        self.assertStatus(202, ann.sends(note))
        self.federated(self.a, group, ann.reference_of(note))
        self.assertStatus(202, ann.sends(ann.passing("Delete", author=ann.id, deleted_type="Note", deleted=note["id"])))
        self.assertEqual(self.b.collects(GROUP, group.reference, "notes")["items"], [])

    def test_a_bare_group_is_never_ours(self):
        group = self.group()
        ann = self.a.user("ann")
        for bare in (f"group-{group.name}", group.name):
            answer = ann.sends(ann.passing(SUBSCRIBE, subscriber=ann.reference, group=bare))
            self.assertIn(answer.status, (202, 403, 404), answer)
        self.assertEqual(group.members("all"), [])

    def test_what_is_for_a_group_that_is_not_ours_does_nothing(self):
        ann = self.a.user("ann")
        # What is elsewhere, or is no group, is dropped; what would be a group of ours is not found.
        elsewhere = ("b.test:garden", "a.test:garden", f"{FORUM}:nothing")
        for group, status in [(group, 202) for group in elsewhere] + [(f"{FORUM}:group-nothing", 404)]:
            with self.subTest(group):
                subscribe = ann.passing(SUBSCRIBE, subscriber=ann.reference, group=group)
                self.assertStatus(status, ann.sends(subscribe))
                self.assertStatus(status, ann.sends(ann.writes(group)))
        self.assertEqual(self.a.heard("pub.versia:groups/SubscribeAccept", subscriber=ann.reference), [])

    def test_a_group_speaks_only_from_where_it_is(self):
        group = self.group()
        ann = self.member(self.a, group)
        note = ann.reference_of(ann.writes(group.reference))
        federate = {"type": "pub.versia:groups/Federate", "created_at": now(), "note": note}
        self.assertStatus(403, self.a.posts({**federate, "group": group.reference}, FORUM))
        self.assertStatus(403, self.a.posts({**federate, "group": "b.test:garden"}, FORUM))
        for type in ("SubscribeAccept", "SubscribeReject"):
            entity = {
                "type": f"pub.versia:groups/{type}",
                "created_at": now(),
                "subscriber": ann.reference,
                "group": group.reference,
            }
            self.assertStatus(403, self.a.posts(entity, FORUM))
        # One that it may send, of a group of which nobody here is a member: nothing comes of it.
        self.assertStatus(202, self.a.posts({**federate, "group": "a.test:garden"}, FORUM))
        self.assertEqual(self.b.collects(GROUP, group.reference, "notes")["items"], [])
        self.assertEqual(group.members(), [self.mirror(ann)])

    def test_a_mirror_cannot_be_spoken_for_by_activitypub(self):
        group = self.group()
        ann = self.member(self.a, group)
        town = self.mastodon
        mirror = self.mirror(ann)
        activity = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": f"{mirror}#x1",
            "type": "Leave",
            "actor": mirror,
            "object": group.iri,
        }
        eve = self.person(town, "eve")
        self.assertIn(eve.sends(f"{group.iri}/inbox", activity).status, (401, 403))
        eve.id = mirror
        self.assertIn(eve.sends(f"{group.iri}/inbox", activity).status, (401, 403))
        self.assertEqual(group.members(), [mirror])


class Shapes(Scene):
    def test_what_cannot_be_read_is_refused_and_never_a_5xx(self):
        group = self.group()
        ann = self.member(self.a, group)
        good = ann.writes(group.reference)
        for field, odd in (
            ("type", 3),
            ("type", None),
            ("id", "a b"),
            ("id", "../x"),
            ("id", "x" * 513),
            ("id", None),
            ("author", 3),
            ("author", f"{ann.reference}:80"),
            ("author", "https://a.test/users/ann"),
            ("author", "a.test:a/b"),
            ("author", "A.TEST:" + ann.id),
            ("content", "<p>Hi</p>"),
            ("content", []),
            ("content", {"text/html": "<p>Hi</p>"}),
            ("content", {"text/html": {"content": 3, "remote": False}}),
            ("content", {"text/html": {"content": ["x"], "remote": False}}),
            ("created_at", "yesterday"),
            ("created_at", 3),
            ("attachments", {}),
            ("attachments", [3]),
            ("mentions", "x"),
            ("mentions", [{}]),
            ("is_sensitive", "yes"),
            ("replies_to", "a b"),
            ("replies_to", 3),
            ("group", 3),
            ("group", {}),
            ("group", f"{FORUM}:443:group-{group.name}"),
            ("extensions", 3),
            ("subject", {}),
            ("created_at", None),
            ("previews", "x"),
            ("previews", [{"link": "https://a.test/"}]),
            ("quotes", 3),
            ("category", 3),
            ("device", "a phone"),
            ("content", {"image/png": {"content": "https://a.test/1.png", "remote": True}}),
            ("attachments", [{"image/png": {"content": "iVBORw", "remote": False}}]),
        ):
            with self.subTest(f"{field} = {odd!r}"):
                self.assertStatus(422, ann.sends({**good, field: odd}))
        for body in (
            b"",
            b"{",
            b"[]",
            b"3",
            b"null",
            b'"x"',
            b"\xff\xfe",
            b'{"type":"Note"}',
            b"[" * 5000,
            b'{"type":"Nonsense"',
        ):
            self.assertIn(self.a.posts(body, FORUM).status, (400, 422), body[:20])
        self.assertEqual(self.b.collects(GROUP, group.reference, "notes")["items"], [])

    def test_a_user_without_what_is_required_is_refused(self):
        user = {**self.a.entities[("User", self.a.user("ann").id)]}
        self.assertStatus(202, self.a.posts(user, FORUM))
        for field in ("created_at", "fields", "manually_approves_followers", "indexable", "username"):
            with self.subTest(field):
                self.assertStatus(422, self.a.posts({**user, field: None}, FORUM))

    def test_an_entity_that_nobody_knows_is_taken_and_does_nothing(self):
        ann = self.a.user("ann")
        for type in ("pub.versia:polls/Vote", "org.example:odd/Thing", "Migration", "Nonsense"):
            self.assertStatus(202, ann.sends(ann.passing(type, author=ann.reference)))

    def test_a_body_that_is_too_large_is_a_413(self):
        ann = self.a.user("ann")
        answer = self.a.posts(ann.passing(SUBSCRIBE, subscriber="x" * (1 << 20)), FORUM)
        self.assertStatus(413, answer)

    def test_odd_contents_are_read_as_well_as_they_can_be(self):
        group = self.group()
        ann = self.member(self.a, group)
        image = {"image/png": {"content": "https://a.test/1.png", "remote": True}}
        for fields in (
            {"content": {"text/html": {"content": "<p>Hi</p>"}}},
            {"content": {"text/plain": {"content": "1 < 2", "remote": False}}},
            {"content": {"text/markdown": {"content": "*Hi*", "remote": False}}},
            {"content": {**text("<p>Hi</p>"), "application/x-odd": {"content": "x", "remote": False}}},
            {
                "content": {
                    "text/html": {"content": "<p>Hi</p>", "remote": False, "size": 9, "hash": {"sha256": "0" * 64}}
                }
            },
            {"content": text("<p>" + "x" * 90_000 + "</p>")},
            {"content": text("<script>alert(1)</script><p onclick='x()'>Hi</p>")},
            {"content": None, "attachments": [image]},
            {
                "attachments": [
                    {mime: {"content": "https://a.test/1", "remote": True}}
                    for mime in ("text/html", "application/x-odd")
                ]
            },
            {"attachments": [{"image/png": {**image["image/png"], "width": 10**12, "fps": 3, "thumbhash": "x"}}]},
            {"extensions": {"org.example:odd": {"deep": [[[[1]]]]}}},
            {"$schema": "https://versia.pub/schemas/note.json", "uri": "https://a.test/1"},
            {"subject": ""},
            {"category": "odd"},
        ):
            with self.subTest(str(fields)[:200]):
                note, answer = ann.says(group.reference, **fields)
                self.assertStatus(202, answer)
                self.federated(self.a, group, ann.reference_of(note))
                self.lemmy.reads(self.mirror_of_note(ann, note))

    def test_what_is_left_out_has_its_default(self):
        group = self.group()
        ann = self.member(self.a, group)
        note = ann.writes(group.reference)
        for field in (
            "attachments",
            "mentions",
            "previews",
            "is_sensitive",
            "subject",
            "device",
            "quotes",
            "replies_to",
            "category",
        ):
            note.pop(field)
        self.assertStatus(202, ann.sends(note))
        self.federated(self.a, group, ann.reference_of(note))

    def test_a_request_without_a_content_type_or_with_any_accept_works(self):
        group = self.group()
        ann = self.a.user("ann")
        how = {"headers": {"Accept": "*/*", "User-Agent": "Bun/1.3.11"}, "without": ["Content-Type"]}
        self.assertStatus(202, ann.asks("Subscribe", group.reference, **how))
        self.a.hears("pub.versia:groups/SubscribeAccept", subscriber=ann.reference, group=group.reference)
        note = ann.writes(group.reference)
        self.assertStatus(202, ann.sends(note, headers={"Content-Type": "application/json"}, without=["Accept"]))
        self.federated(self.a, group, ann.reference_of(note))


if __name__ == "__main__":
    unittest.main()

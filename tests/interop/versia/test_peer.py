"""The peer against itself: the vectors, what it signs and verifies, and what its checker refuses.

One rule: for each rule of the checker a document that breaks it, and nothing else.
"""

import copy
import json
import unittest

import signing
import strict
import vectors
from domains import Domain, Web, collection_path, entity_path, now, text


class Vectors(unittest.TestCase):
    def test_what_is_signed_is_what_the_specification_signs(self):
        key = signing.Key.of_pkcs8(vectors.PRIVATE)
        self.assertEqual(key.public, vectors.PUBLIC)
        for name, method, path, body, line, signature in vectors.VECTORS:
            with self.subTest(name):
                headers = signing.sign(key, "a.test", method, path, body, vectors.SIGNED_AT)
                self.assertEqual(signing.text_to_sign(method, path, vectors.SIGNED_AT, body), line)
                self.assertEqual(headers[signing.SIGNATURE], signature)
                signing.verify(vectors.PUBLIC, headers, method, path, body, now=vectors.SIGNED_AT)

    def test_what_is_not_signed_so_is_refused(self):
        key = signing.Key.of_pkcs8(vectors.PRIVATE)
        good = signing.sign(key, "a.test", "GET", "/x", b"", vectors.SIGNED_AT)
        bad = [
            ("another path", good, "/y", b"", 0),
            ("another body", good, "/x", b"{}", 0),
            ("too late", good, "/x", b"", 301),
            ("too early", good, "/x", b"", -301),
            ("no signature", {**good, signing.SIGNATURE: ""}, "/x", b"", 0),
            ("not in seconds", {**good, signing.SIGNED_AT: "now"}, "/x", b"", 0),
        ]
        for name, headers, path, body, late in bad:
            with self.subTest(name), self.assertRaises(signing.Unsigned):
                signing.verify(vectors.PUBLIC, headers, "GET", path, body, now=vectors.SIGNED_AT + late)


GROUP = {
    "type": "pub.versia:groups/Group",
    "id": "group-garden",
    "created_at": "2026-05-01T10:00:00.000Z",
    "name": {
        "text/plain": {"content": "Gardeners", "remote": False},
        "text/html": {"content": "Gardeners", "remote": False},
    },
    "description": text("<p>All about soil.</p>"),
    "open": True,
    "extensions": {"org.example.groupserver:actor": {"user": "forum.test:garden"}},
}
FEDERATE = {
    "type": "pub.versia:groups/Federate",
    "created_at": "2026-05-01T10:00:01Z",
    "note": "b.test:n1",
    "group": "forum.test:group-garden",
}
DELETE = {
    "type": "Delete",
    "created_at": "2026-05-01T10:00:01Z",
    "author": "forum.test:garden",
    "deleted_type": "Note",
    "deleted": "forum.test:n1",
}
USER = {
    "type": "User",
    "id": "garden",
    "created_at": "2026-05-01T10:00:01Z",
    "username": "garden",
    "fields": [{"key": text("Group"), "value": text("<a href='https://forum.test/c/garden'>here</a>")}],
    "manually_approves_followers": False,
    "indexable": True,
    "avatar": {"image/png": {"content": "https://forum.test/a.png", "remote": True}},
    "header": None,
    "bio": None,
    "display_name": "Gardeners",
}
NOTE = {
    "type": "Note",
    "id": "n1",
    "created_at": "2026-05-01T10:00:01Z",
    "author": "forum.test:m1",
    "attachments": [
        {
            "image/webp": {
                "content": "https://m.test/1.webp",
                "remote": True,
                "description": "a leek",
                "width": 640,
                "height": 480,
            }
        }
    ],
    "is_sensitive": False,
    "mentions": ["b.test:u1"],
    "previews": [{"link": "https://soil.test/", "title": "Soil", "description": None, "image": None, "icon": None}],
    "content": text("<p>Hi</p>"),
    "category": "forum",
    "device": None,
    "group": "forum.test:group-garden",
    "quotes": None,
    "replies_to": None,
    "subject": "Leeks",
}
METADATA = {
    "type": "InstanceMetadata",
    "name": "Forum",
    "description": None,
    "software": {"name": "folkmoot", "version": "0.1.0"},
    "compatibility": {"versions": ["0.6.0"], "extensions": ["pub.versia:groups"]},
    "domain": "forum.test",
    "logo": None,
    "banner": None,
    "public_key": {"algorithm": "ed25519", "key": vectors.PUBLIC},
    "created_at": "2026-05-01T10:00:01Z",
}

DROP = object()


def changed(document, path, value):
    """`path`: `a/b`, where a number is a place in a list."""
    document = copy.deepcopy(document)
    *way, last = [int(step) if step.isdigit() else step for step in path.split("|")]
    at = document
    for step in way:
        at = at[step]
    if value is DROP:
        del at[last]
    else:
        at[last] = value
    return document


class Checker(unittest.TestCase):
    def test_good_documents_pass(self):
        for document in (GROUP, FEDERATE, DELETE, USER, NOTE):
            strict.entity(document, signed_by="forum.test")
        strict.metadata(METADATA, of="forum.test")
        strict.well_known({"versions": ["0.6.0"]})
        strict.collection({"author": None, "total": 3, "items": ["b.test:u1", "forum.test:m1"]})

    def refuses(self, check, document, rows):
        for path, value in rows:
            with self.subTest(f"{path} = {'(absent)' if value is DROP else value!r}"), self.assertRaises(
                strict.Refused
            ):
                check(changed(document, path, value))

    def test_entities_with_a_fault_are_refused(self):
        base = [
            ("type", "Gruppe"),
            ("type", DROP),
            ("created_at", DROP),
            ("created_at", "yesterday"),
            ("created_at", "2026-13-01T00:00:00Z"),
        ]
        self.refuses(strict.entity, GROUP, base + [("id", DROP), ("id", "a b"), ("id", ""), ("id", "x" * 513)])
        self.refuses(
            strict.entity,
            GROUP,
            [
                ("uri", "https://forum.test/"),
                ("members", []),
                ("open", DROP),
                ("open", "yes"),
                ("open", None),
                ("description", DROP),
                ("name", "Gardeners"),
                ("name|text/html", DROP),
                ("name|text/html|remote", True),
                ("name|text/html|remote", DROP),
                ("name|text/html|description", None),
                ("name|image/png", {"content": "https://a.test/", "remote": True}),
                ("name|text/html|content", "<script>alert(1)</script>"),
                ("name|text/html|content", "<a href='javascript:x'>x</a>"),
                ("name|text/html|content", ""),
                ("extensions", []),
                ("extensions|actor", {}),
            ],
        )
        self.refuses(
            strict.entity,
            FEDERATE,
            [("id", "x"), ("note", "n1"), ("note", "b.test:443:n1"), ("note", "https://b.test/n1")],
        )
        self.refuses(
            strict.entity,
            FEDERATE,
            [("note", "B.test:n1"), ("note", "b.test.:n1"), ("note", "b:n1"), ("note", None), ("note", DROP)],
        )
        self.refuses(strict.entity, DELETE, [("author", DROP), ("author", None), ("deleted_type", DROP)])
        self.refuses(
            strict.entity,
            USER,
            [
                ("username", "a b"),
                ("username", ""),
                ("fields", None),
                ("fields|0|key", "Group"),
                ("bio", DROP),
                ("bio", "x"),
            ]
            + [
                ("indexable", DROP),
                ("avatar|image/png|fps", 3),
                ("avatar|text/html", {"content": "x", "remote": False}),
            ]
            + [
                ("avatar|image/png|remote", False),
                ("avatar|image/png|content", "a.png"),
                ("inbox", "https://forum.test/inbox"),
            ],
        )
        self.refuses(
            strict.entity,
            NOTE,
            [
                ("attachments", DROP),
                ("attachments", None),
                ("mentions", ["u1"]),
                ("category", "thread"),
                ("group", "garden"),
            ]
            + [
                ("attachments|0|image/webp|duration", 1.5),
                ("attachments|0|text/html", {"content": "https://a.test/", "remote": True}),
            ]
            + [
                ("attachments|0|image/webp|width", -1),
                ("subject", ""),
                ("previews|0|title", DROP),
                ("visibility", "public"),
            ]
            + [("replies_to", "https://a.test/1"), ("is_sensitive", 1), ("device", {"name": "x"} | {"id": 3})],
        )

    def test_nobody_speaks_for_another(self):
        for document, field in ((FEDERATE, "group"), (DELETE, "author"), (DELETE, "deleted"), (NOTE, "author")):
            with self.subTest(field), self.assertRaises(strict.Refused):
                strict.entity(changed(document, field, "b.test:x"), signed_by="forum.test")

    def test_metadata_with_a_fault_are_refused(self):
        self.refuses(
            lambda document: strict.metadata(document, of="forum.test"),
            METADATA,
            [("domain", "b.test"), ("domain", "forum.test:443"), ("id", "x"), ("compatibility|versions", ["0.6"])]
            + [
                ("compatibility|versions", ["0.5.0", "0.6.0"]),
                ("compatibility|extensions", []),
                ("public_key|algorithm", "rsa"),
            ]
            + [
                ("public_key|key", vectors.PUBLIC[16:]),
                ("public_key|key", DROP),
                ("software|url", "x"),
                ("shared_inbox", "x"),
            ],
        )
        for document in ({"versions": ["0.6"]}, {"versions": ["0.6.0"], "domain": "forum.test"}, []):
            with self.assertRaises(strict.Refused):
                strict.well_known(document)

    def test_collections_with_a_fault_are_refused(self):
        page = {"author": None, "total": 2, "items": ["b.test:u1", "forum.test:m1"]}
        self.refuses(
            strict.collection,
            page,
            [("author", DROP), ("total", 1), ("total", "2"), ("type", "Members"), ("next", None), ("items|0", "u1")]
            + [("items|1", "b.test:u1")],
        )
        with self.assertRaises(strict.Refused):
            strict.collection(page, limit=1)

    def test_json_that_is_not_plain_is_refused(self):
        self.assertEqual(strict.parse(b'{"a": [1, 1.5, "\xc3\xa9"]}'), {"a": [1, 1.5, "é"]})
        for body in (
            b'{"a":1,"a":2}',
            b'{"a":1e3}',
            b'{"a":1.0}',
            b'{"a":9007199254740993}',
            b'{"a b":1}',
            b'{"a":"\xff"}',
        ):
            with self.subTest(body), self.assertRaises(strict.Refused):
                strict.parse(body)
        for body in (b'{"a":NaN}', b"{", b"{}\r\n"):
            with self.subTest(body), self.assertRaises(strict.Refused):
                strict.parse(body)


class BetweenPeers(unittest.TestCase):
    """One domain plays the group's server, badly and well."""

    def setUp(self):
        self.web = Web()
        self.forum, self.a = Domain("forum.test", self.web), Domain("a.test", self.web)
        self.addCleanup(self.forum.stop)
        self.addCleanup(self.a.stop)

    def test_what_is_signed_arrives_and_what_is_not_is_complained_of(self):
        self.assertEqual(self.forum.posts(FEDERATE, "a.test").status, 202)
        self.assertEqual(self.a.hears(FEDERATE["type"], note="b.test:n1").signed_by, "forum.test")
        self.assertEqual(self.web.complaints, [])
        bad = [
            {"key": signing.Key()},
            {"signed_at": 1},
            {"signed_body": b"{}"},
            {"without": [signing.SIGNATURE]},
            {"signed_path": "/inbox"},
            {"headers": {"Content-Type": "application/json"}},
            {"headers": {"User-Agent": "curl"}},
        ]
        for how in bad:
            with self.subTest(how):
                before = len(self.web.complaints)
                self.assertIn(self.forum.posts(FEDERATE, "a.test", **how).status, (401, 422))
                self.assertEqual(len(self.web.complaints), before + 1)
        self.assertEqual(len(self.a.inbox), 1)

    def test_what_another_domain_says_of_a_group_is_complained_of(self):
        self.assertEqual(self.a.posts(FEDERATE, "forum.test").status, 422)
        self.assertEqual(len(self.web.complaints), 1)

    def test_entities_are_fetched_signed_and_their_answers_verified(self):
        note = self.a.user("ann").writes("forum.test:group-garden")
        self.assertEqual(self.forum.fetches(f"a.test:{note['id']}", "Note"), note)
        self.forum.entities[("pub.versia:groups/Group", "group-garden")] = GROUP
        self.assertEqual(self.a.fetches("forum.test:group-garden", "pub.versia:groups/Group"), GROUP)
        self.assertEqual(self.web.complaints, [])

    def test_an_answer_that_another_signed_is_complained_of(self):
        note = self.a.user("ann").writes("forum.test:group-garden")
        self.a.answers_with = signing.Key()
        self.forum.fetches(f"a.test:{note['id']}", "Note")
        self.assertEqual(len(self.web.complaints), 1)

    def test_paths_are_encoded_once(self):
        self.assertEqual(
            collection_path("pub.versia:groups/Group", "group-garden", "members", offset=0, limit=41),
            "/.versia/v0.6/entities/pub.versia%3Agroups%2FGroup/group-garden/collections/members?offset=0&limit=41",
        )
        self.assertEqual(entity_path("User", "u1"), "/.versia/v0.6/entities/User/u1")

    def test_its_own_documents_are_strict(self):
        ann = self.a.user("ann")
        strict.metadata(json.loads(json.dumps(self.a.metadata)), of="a.test")
        strict.entity(self.a.entities[("User", ann.id)])
        strict.entity(ann.writes("forum.test:group-garden"), signed_by="a.test")
        strict.time(now(), "now")


if __name__ == "__main__":
    unittest.main()

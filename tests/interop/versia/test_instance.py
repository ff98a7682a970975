"""What a server of Versia says of itself and of its groups to whoever asks.

One rule: every answer is read by the strict checker, with its headers and its signature.
"""

import json
import unittest

import strict
import wire
from domains import GROUP, INSTANCE, MEDIA_TYPE, VERSIA, collection_path, encode_again, entity_path
from stage import FORUM, Scene


class Instance(Scene):
    def test_the_well_known_document_names_the_version_and_nothing_else(self):
        answer = self.page("/.well-known/versia")
        self.assertStatus(200, answer)
        self.assertIn(answer.headers["Content-Type"].split(";")[0], ("application/json", "application/jrd+json"))
        strict.well_known(strict.parse(answer.body))

    def test_the_metadata_have_exactly_their_fields(self):
        for accept in (MEDIA_TYPE, "*/*"):
            answer = self.page(INSTANCE, Accept=accept)
            self.assertStatus(200, answer)
            self.assertEqual(answer.headers["Content-Type"], strict.CONTENT_TYPE)
            metadata = strict.metadata(strict.parse(answer.body), of=FORUM)
        endpoint = metadata["extensions"]["pub.versia:instance_messaging"]["endpoint"]
        self.assertEqual(endpoint, f"https://{FORUM}{VERSIA}/messaging")

    def test_what_is_sent_to_the_messaging_address_is_taken_and_never_obeyed(self):
        group = self.group()
        endpoint = f"{self.base}{VERSIA}/messaging"
        text = json.dumps({"type": "pub.versia:groups/Subscribe", "subscriber": "a.test:u1", "group": group.reference})
        answer = wire.send("POST", endpoint, {"Content-Type": "text/plain"}, text.encode())
        self.assertIn(answer.status, (200, 202, 204))
        self.assertEqual(group.members(), [])
        self.assertEqual(wire.send("POST", endpoint, {"Content-Type": "text/plain"}, b"x" * 9000).status, 413)

    def test_webfinger_leads_to_both_faces_of_a_group(self):
        group = self.group()
        authority = self.base.split("//")[1]
        answer = self.page(f"/.well-known/webfinger?resource=acct:{group.name}@{authority}")
        links = answer.json()["links"]
        found = [(link["rel"], link.get("type"), link.get("href", "")) for link in links]
        own = [link for link in found if link[0] == "self"]
        self.assertEqual(own[0][1:], ("application/activity+json", group.iri), "ActivityPub comes first")
        versia = [link for link in own if link[1] == MEDIA_TYPE]
        self.assertEqual(len(versia), 1, found)
        self.assertTrue(versia[0][2].endswith(entity_path("User", group.name)), versia)
        other = [link for link in found if link[0] == "alternate" and link[1] == MEDIA_TYPE]
        self.assertEqual(len(other), 1, found)
        self.assertTrue(other[0][2].endswith(entity_path(GROUP, f"group-{group.name}")), other)

    def test_whoever_asks_for_a_page_is_sent_to_one(self):
        group = self.group()
        for path in (entity_path(GROUP, f"group-{group.name}"), entity_path("User", group.name)):
            answer = self.page(path, Accept="text/html,application/xhtml+xml;q=0.9,*/*;q=0.1")
            self.assertIn(answer.status, (302, 303, 307), answer)
            self.assertIn(f"/c/{group.name}", answer.headers["Location"])

    def test_nothing_else_is_read_without_a_signature(self):
        group = self.group()
        id = f"group-{group.name}"
        for path in (
            entity_path(GROUP, id),
            entity_path("User", group.name),
            entity_path("Note", "nothing"),
            collection_path(GROUP, id, "members"),
            collection_path(GROUP, id, "notes", offset=0),
        ):
            for accept in (MEDIA_TYPE, "*/*"):
                answer = self.page(path, Accept=accept)
                self.assertStatus(401, answer)
                self.a.check_problem(answer)


class Groups(Scene):
    def test_a_group_is_an_entity_that_says_whether_it_is_open(self):
        for join, is_open in (("open", True), ("approval", False), ("invite", False), ("closed", False)):
            group = self.group("--join", join, "--summary", "All about **soil**.")
            entity = self.a.fetches(group.reference, GROUP)
            self.assertEqual(entity["open"], is_open, join)
            self.assertEqual(entity["name"]["text/html"]["content"], "Gardeners")
            self.assertIn("<strong>soil</strong>", entity["description"]["text/html"]["content"])

    def test_a_group_without_a_description_says_null(self):
        self.assertIsNone(self.a.fetches(self.group().reference, GROUP)["description"])

    def test_a_group_has_a_user_whom_one_can_follow(self):
        group = self.group()
        user = self.a.fetches(group.sharer, "User")
        self.assertEqual(user["username"], group.name)
        self.assertEqual(user["display_name"], "Gardeners")
        self.assertFalse(user["manually_approves_followers"])
        said = [inner for extension in user.get("extensions", {}).values() for inner in extension.values()]
        self.assertIn(group.reference, said, "nothing leads from the user to the group")

    def test_the_user_of_a_group_has_the_collections_of_a_user(self):
        group = self.group()
        fan = self.follower(self.a, group)
        for name, items in (("followers", [fan.reference]), ("following", [])):
            self.assertEqual(
                self.b.collects("User", group.sharer, name),
                {"author": group.sharer, "total": len(items), "items": items},
            )
        answer = self.b.gets(collection_path("User", group.name, "outbox"), FORUM)
        self.assertStatus(200, answer)
        strict.collection(strict.parse(answer.body), items=strict.note)

    def test_the_members_come_in_pages_of_at_most_forty(self):
        group = self.group()
        people = [self.person(self.lemmy) for _ in range(41)]
        rows = [f"{person.id},{person.id}/inbox,{self.lemmy.base}/inbox,threadiverse" for person in people]
        listed = f"{self.folkmoot.data}/{group.name}.csv"
        with open(listed, "w", encoding="utf-8") as file:
            file.write("\n".join(["actor,inbox,shared_inbox,dialect", *rows]) + "\n")
        group.command("import", listed)
        ann = self.member(self.a, group)
        pages = self.in_pages(group, "members", 42)
        self.assertIn(ann.reference, pages)
        mirrors = [reference for reference in pages if reference != ann.reference]
        self.assertTrue(all(reference.startswith(f"{FORUM}:") for reference in mirrors), mirrors)
        user = self.b.fetches(mirrors[0], "User")
        self.assertTrue(user["manually_approves_followers"])

    def test_the_notes_come_in_pages_of_at_most_forty_the_newest_first(self):
        group = self.group()
        ann = self.member(self.a, group)
        notes = [ann.reference_of(self.posted(ann, group, f"<p>{number}</p>")) for number in range(42)]
        self.assertEqual(self.in_pages(group, "notes", 42), notes[::-1])

    def in_pages(self, group, name, total):
        page = self.b.collects(GROUP, group.reference, name)
        self.assertEqual(page["total"], total)
        whole = page["items"]
        self.assertEqual(len(whole), 40)
        self.assertEqual(self.limited(group, name, 40), whole)
        self.assertEqual(self.limited(group, name, 41), whole, "41 behaves as 40")
        self.assertEqual(self.limited(group, name, 0), whole[:1], "0 behaves as 1")
        self.assertEqual(self.limited(group, name, 1), whole[:1])
        self.assertEqual(self.limited(group, name, 10, 5), whole[5:15])
        rest = self.limited(group, name, 40, 40)
        self.assertEqual(len(rest), total - 40)
        self.assertEqual(self.limited(group, name, 40, total), [])
        self.assertEqual(self.limited(group, name, 40, 10**9), [])
        return whole + rest

    def limited(self, group, name, limit, offset=0):
        return self.b.collects(GROUP, group.reference, name, offset=offset, limit=limit)["items"]

    def test_other_spellings_of_an_address_lead_to_the_same(self):
        group = self.group()
        id = f"group-{group.name}"
        for path in (
            f"{VERSIA}/entities/pub.versia%3Agroups%2FGroup/{id}",
            f"{VERSIA}/entities/pub.versia:groups%2FGroup/{id}",
            f"{VERSIA}/entities/pub.versia%3agroups%2fGroup/{id}",
            f"{VERSIA}/entities/pub.versia%3Agroups/Group/{id}",
            f"{VERSIA}/entities/pub.versia:groups/Group/{id}",
        ):
            answer = self.a.gets(path, FORUM)
            self.assertStatus(200, answer)
            self.assertEqual(strict.entity(strict.parse(answer.body))["id"], id, path)
        for type in ("User", "user", "pub.versia:users/User"):
            answer = self.a.gets(entity_path(type, group.name), FORUM)
            self.assertStatus(200, answer)
            self.assertEqual(strict.entity(strict.parse(answer.body))["id"], group.name, type)

    def test_a_path_is_signed_as_it_is_on_the_wire_or_encoded_once_more(self):
        group = self.group()
        path = entity_path(GROUP, f"group-{group.name}")
        for signed_path, status in (
            (path, 200),
            (encode_again(path), 200),
            (encode_again(encode_again(path)), 401),
            (path.replace("%3A", ":").replace("%2F", "/"), 401),
            (entity_path("User", group.name), 401),
        ):
            answer = self.a.gets(path, FORUM, signed_path=signed_path)
            self.assertStatus(status, answer)

    def test_what_is_not_there_is_a_404(self):
        group = self.group()
        for path in (
            entity_path(GROUP, "group-nothing"),
            entity_path(GROUP, group.name),
            entity_path("User", f"group-{group.name}"),
            entity_path("User", "nobody"),
            entity_path("Note", "01a20356-a4d8-7519-a6b3-eff4e44c07bf"),
            entity_path("Note", "n1"),
            entity_path("Nonsense", "n1"),
            collection_path(GROUP, "group-nothing", "members"),
            collection_path(GROUP, f"group-{group.name}", "nonsense"),
            entity_path(GROUP, f"group-{group.name}%2F..%2Fx"),
        ):
            self.assertStatus(404, self.a.gets(path, FORUM))

    def test_a_get_with_any_accept_and_without_one_is_answered(self):
        group = self.group()
        path = entity_path(GROUP, f"group-{group.name}")
        self.assertStatus(200, self.a.gets(path, FORUM, headers={"Accept": "*/*"}))
        self.assertStatus(200, self.a.gets(path, FORUM, without=["Accept", "User-Agent"]))


if __name__ == "__main__":
    unittest.main()

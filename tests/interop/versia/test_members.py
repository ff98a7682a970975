"""Coming and going: Subscribe and what is answered, by every policy.

One rule: somebody of Versia goes through the same policies and queues as somebody of ActivityPub.
"""

import unittest

from domains import GROUP, now
from stage import FORUM, Scene

ACCEPT = "pub.versia:groups/SubscribeAccept"
REJECT = "pub.versia:groups/SubscribeReject"


class Coming(Scene):
    def test_who_subscribes_to_an_open_group_is_a_member(self):
        group = self.group()
        ann = self.a.user("ann")
        self.assertStatus(202, ann.asks("Subscribe", group.reference))
        accept = self.a.hears(ACCEPT, subscriber=ann.reference, group=group.reference)
        self.assertEqual(accept.signed_by, FORUM)
        self.assertEqual(group.members(), [self.mirror(ann)])
        self.assertEqual(
            self.b.collects(GROUP, group.reference, "members"), {"author": None, "total": 1, "items": [ann.reference]}
        )

    def test_who_asks_where_approval_is_needed_waits_for_it(self):
        group = self.group("--join", "approval")
        ann, bob = self.a.user("ann"), self.b.user("bob")
        for who in (ann, bob):
            self.assertStatus(202, who.asks("Subscribe", group.reference))
        self.assertEqual(group.members(), [])
        self.assertEqual(group.members("pending"), sorted([self.mirror(ann), self.mirror(bob)]))
        self.assertEqual(self.c.collects(GROUP, group.reference, "members")["items"], [])
        group.accepts(self.mirror(ann))
        group.command("reject", self.mirror(bob))
        self.a.hears(ACCEPT, subscriber=ann.reference, group=group.reference)
        self.b.hears(REJECT, subscriber=bob.reference, group=group.reference)
        self.settles(self.a, self.b)
        self.assertEqual(
            self.a.heard(REJECT, subscriber=ann.reference) + self.b.heard(ACCEPT, subscriber=bob.reference), []
        )
        self.assertEqual(group.members(), [self.mirror(ann)])

    def test_an_admin_on_activitypub_decides_who_of_versia_comes_in(self):
        group = self.group("--join", "approval")
        ann = self.a.user("ann")
        self.assertStatus(202, ann.asks("Subscribe", group.reference))
        owner = self.stage.owner
        queue = owner.gets(f"{group.iri}/pendingMembers?page=1").json()
        entries = queue.get("orderedItems") or queue["items"]
        entry = entries[0] if isinstance(entries[0], dict) else owner.gets(entries[0]).json()
        self.assertEqual(entry["object"]["type"], "Join")
        self.assertEqual(entry["object"]["actor"], self.mirror(ann))
        self.assertStatus(202, owner.does(group.iri, "Accept", entry["id"])[1])
        self.a.hears(ACCEPT, subscriber=ann.reference, group=group.reference)

    def test_who_was_not_invited_and_whoever_comes_too_late_is_rejected(self):
        for join in ("invite", "closed"):
            group = self.group("--join", join)
            ann = self.a.user("ann")
            self.assertStatus(202, ann.asks("Subscribe", group.reference))
            self.a.hears(REJECT, subscriber=ann.reference, group=group.reference)
            self.assertEqual(group.members("all"), [], join)

    def test_who_was_invited_is_let_in(self):
        group = self.group("--join", "invite")
        ann = self.a.user("ann")
        ann.asks("Subscribe", group.reference)
        self.a.hears(REJECT, subscriber=ann.reference, group=group.reference)
        group.command("invite", self.mirror(ann))
        self.assertStatus(202, ann.asks("Subscribe", group.reference))
        self.a.hears(ACCEPT, subscriber=ann.reference, group=group.reference)

    def test_who_is_banned_is_rejected(self):
        group = self.group()
        ann = self.a.user("ann")
        ann.asks("Subscribe", group.reference)
        self.a.hears(ACCEPT, subscriber=ann.reference, group=group.reference)
        group.command("ban", self.mirror(ann))
        self.a.hears(REJECT, 1, subscriber=ann.reference, group=group.reference)
        self.assertStatus(202, ann.asks("Subscribe", group.reference))
        self.a.hears(REJECT, 2, subscriber=ann.reference, group=group.reference)
        self.assertEqual(group.members(), [])

    def test_who_is_of_a_banned_domain_is_rejected(self):
        group = self.group()
        group.command("ban", "c.test")
        cleo = self.c.user("cleo")
        self.assertStatus(202, cleo.asks("Subscribe", group.reference))
        self.c.hears(REJECT, subscriber=cleo.reference, group=group.reference)
        self.member(self.a, group)

    def test_a_group_that_is_closed_takes_nobody(self):
        group = self.group()
        group.command("close")
        ann = self.a.user("ann")
        self.assertStatus(202, ann.asks("Subscribe", group.reference))
        self.a.hears(REJECT, subscriber=ann.reference, group=group.reference)

    def test_who_asks_again_is_accepted_again_and_is_a_member_once(self):
        group = self.group()
        ann = self.member(self.a, group)
        for times in (2, 3):
            self.assertStatus(202, ann.asks("Subscribe", group.reference))
            self.a.hears(ACCEPT, times, subscriber=ann.reference, group=group.reference)
        self.assertEqual(group.members(), [self.mirror(ann)])
        self.assertEqual(self.b.collects(GROUP, group.reference, "members")["total"], 1)

    def test_who_leaves_hears_no_more(self):
        group = self.group()
        ann, bob = self.member(self.a, group), self.member(self.b, group)
        self.assertStatus(202, bob.asks("Unsubscribe", group.reference))
        self.assertEqual(group.members(), [self.mirror(ann)])
        self.posted(ann, group)
        self.settles(self.a, self.b)
        self.assertEqual(self.federations(self.b, group), [])
        self.assertEqual(self.b.heard(REJECT, subscriber=bob.reference), [], "an Unsubscribe has no answer")

    def test_who_never_was_in_may_leave(self):
        self.assertIn(self.a.user("ann").asks("Unsubscribe", self.group().reference).status, (202, 403))

    def test_the_list_of_members_is_for_whom_it_is_for(self):
        group = self.group("--members-list", "admins")
        self.member(self.a, group)
        for domain in (self.a, self.b):
            answer = domain.gets(
                f"/.versia/v0.6/entities/pub.versia%3Agroups%2FGroup/group-{group.name}/collections/members", FORUM
            )
            self.assertStatus(200, answer)
            listed = answer.json()
            self.assertEqual((listed["total"], listed["items"]), (1, []))


class OlderShapes(Scene):
    """What the two drafts of the extension send."""

    def accepted(self, **fields):
        group = self.group()
        ann = self.a.user("ann")
        named = {name: value.format(user=ann.id, group=f"group-{group.name}") for name, value in fields.items()}
        self.assertStatus(202, ann.sends({"created_at": now(), **named}))
        self.a.hears(ACCEPT, subscriber=ann.reference, group=group.reference)
        return ann, group

    def test_a_subscribe_of_the_draft_of_2024_is_accepted(self):
        ann, group = self.accepted(
            type="GroupSubscribe",
            id="9a7e9345-4e4a-4d5a-8301-4dbbfe777ca0",
            uri="https://a.test/subscribes/9a7e9345",
            subscriber="https://a.test/.versia/v0.6/entities/User/{user}",
            group=f"https://{FORUM}/.versia/v0.6/entities/Group/{{group}}",
        )
        leave = ann.passing("GroupUnsubscribe", id="9a7e9346", subscriber=ann.reference, group=group.reference)
        self.assertStatus(202, ann.sends(leave))
        self.assertEqual(group.members(), [])

    def test_a_subscribe_of_the_draft_of_2025_is_accepted(self):
        self.accepted(
            type="pub.versia:groups/Subscribe",
            id="9a7e9345-4e4a-4d5a-8301-4dbbfe777ca0",
            subscriber="{user}",
            group=f"{FORUM}:{{group}}",
        )

    def test_an_address_of_another_form_is_no_reference(self):
        group = self.group()
        ann = self.a.user("ann")
        for odd in (
            group.iri,
            f"https://{FORUM}/groups/{group.name}",
            f"https://{FORUM}:443/.versia/v0.6/entities/Group/group-{group.name}",
        ):
            answer = ann.sends(ann.passing("pub.versia:groups/Subscribe", subscriber=ann.reference, group=odd))
            self.assertIn(answer.status, (400, 422), odd)


if __name__ == "__main__":
    unittest.main()

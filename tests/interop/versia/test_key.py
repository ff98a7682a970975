"""The key of the server's domain, when it is changed.

One rule: this plays on a stage of its own: for some minutes others may hold the old key.
"""

import time
import unittest

import strict
from domains import GROUP, INSTANCE
from stage import FORUM, Scene, Stage


# A server that runs signs what it sends with the new key after so many seconds; the command says so.
TAKES = 6


class Key(Scene):
    def plays_on(self):
        stage = Stage()
        self.addCleanup(stage.stop)
        return stage

    def test_the_key_can_be_changed_and_everything_is_signed_with_the_new_one(self):
        group = self.group()
        ann, _ = self.member(self.a, group), self.member(self.b, group)
        old = self.stage.web.key_of(FORUM)
        self.folkmoot.command("key", "rotate", "versia")
        metadata = strict.metadata(strict.parse(self.page(INSTANCE).body), of=FORUM)
        self.assertNotEqual(metadata["public_key"]["key"], old)
        # Who has fetched anything since knows the new key, and believes no other.
        self.a.fetches(group.reference, GROUP)
        self.assertEqual(self.stage.web.key_of(FORUM), metadata["public_key"]["key"])
        time.sleep(TAKES)
        note = self.posted(ann, group)
        self.federated(self.a, group, ann.reference_of(note))
        self.federated(self.b, group, ann.reference_of(note))


if __name__ == "__main__":
    unittest.main()

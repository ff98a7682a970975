"""The stage: one server under test for the whole run, and the domains and towns around it.

One rule: a test brings its own group and its own people, so that none sees another's; it fails if anybody complained
while it played. A domain that a test spoils (takes away, gives another key) it takes from SPARE, and nobody else does.
"""

import atexit
import itertools
import json
import time
import unittest
import urllib.parse

import wire
from activitypub import Town
from domains import LIMIT, Domain, Web, waits_for
from folkmoot import Folkmoot

FORUM = "forum.test"

# Where members live, in any test.
SHARED = ["a.test", "b.test", "c.test"]

# Each for one test alone; see `Scene.spare`.
SPARE = [f"spare{number}.test" for number in range(1, 25)]

# All requests come from one address and most from three domains, hundreds of them wrong on purpose.
PATIENT = {
    "LIMITS__BAD_SIGNATURES_PER_MINUTE": "100000",
    "LIMITS__REQUESTS_PER_MINUTE": "100000",
}


class Stage:
    def __init__(self):
        self.web = Web()
        self.domains = {name: Domain(name, self.web) for name in SHARED + SPARE}
        self.spare = iter(SPARE)
        self.towns = {software: Town(software, self.web) for software in ("mastodon", "lemmy")}
        self.owner = self.towns["lemmy"].person("owner")
        resolve = ",".join(f"{name}={origin}" for name, origin in self.web.origins.items())
        self.folkmoot = Folkmoot(VERSIA__DOMAIN=FORUM, VERSIA__DEV_RESOLVE=resolve, **PATIENT)
        self.web.origins[FORUM] = self.folkmoot.base
        self.numbers = itertools.count(1)

    def stop(self):
        self.folkmoot.stop()
        for peer in [*self.domains.values(), *self.towns.values()]:
            peer.stop()

    def complaints(self):
        """In the order in which they came."""
        return self.web.complaints


_stage = None


def stage():
    """Set up when it is first needed, taken down with the process."""
    global _stage
    if _stage is None:
        _stage = Stage()
        atexit.register(_stage.stop)
    return _stage


def is_set():
    return _stage is not None


class Group:
    """A group of the server under test, with all its faces."""

    def __init__(self, stage, name):
        self.stage = stage
        self.name = name
        self.iri = f"{stage.folkmoot.base}/c/{name}"
        self.reference = f"{FORUM}:group-{name}"
        self.sharer = f"{FORUM}:{name}"

    def command(self, word, *rest):
        return self.stage.folkmoot.command("group", *word.split(), self.name, *rest)

    def members(self, state="members"):
        return sorted(row["actor"] for row in self.command("members", "--state", state))

    def pending(self):
        """What waits, and who."""
        return self.command("pending")["pending"]

    def accepts(self, actor):
        self.command("accept", actor)


class Scene(unittest.TestCase):
    """A test with the stage around it."""

    maxDiff = None

    def setUp(self):
        self.stage = self.plays_on()
        self.folkmoot = self.stage.folkmoot
        self.base = self.folkmoot.base
        self.a, self.b, self.c = (self.stage.domains[name] for name in SHARED)
        self.mastodon, self.lemmy = self.stage.towns["mastodon"], self.stage.towns["lemmy"]
        self.complained = len(self.stage.complaints())

    def tearDown(self):
        new = self.stage.complaints()[self.complained :]
        self.assertEqual(new, [], "Somebody complained.")

    def plays_on(self):
        """The one stage, but for whoever breaks it."""
        return stage()

    def spare(self):
        return self.stage.domains[next(self.stage.spare)]

    # People and groups

    def group(self, *policies):
        name = f"garden{next(self.stage.numbers)}"
        self.folkmoot.command(
            "group", "create", name, "--title", "Gardeners", "--owner", self.stage.owner.id, *policies
        )
        return Group(self.stage, name)

    def person(self, town, name="ann", **fields):
        return town.person(f"{name}{next(self.stage.numbers)}", **fields)

    def mirror(self, user):
        """Who somebody of Versia is to ActivityPub."""
        return f"{self.base}/bridge/versia/{user.domain.name}/{user.id}"

    def mirror_of_note(self, user, note):
        return f"{self.base}/bridge/versia/{user.domain.name}/notes/{note['id']}"

    def member(self, domain, group, **fields):
        """Somebody who has subscribed and was accepted at once."""
        user = domain.user(**fields)
        self.assertStatus(202, user.asks("Subscribe", group.reference))
        domain.hears("pub.versia:groups/SubscribeAccept", subscriber=user.reference, group=group.reference)
        return user

    def follower(self, domain, group, **fields):
        """Somebody who has followed the group's user and was accepted at once."""
        user = domain.user(**fields)
        self.assertStatus(202, user.follows(group.sharer))
        domain.hears("FollowAccept", author=group.sharer, follower=user.reference)
        return user

    def joined(self, town, group, name="ann", **fields):
        person = self.person(town, name, **fields)
        person.is_let_in(person.joins(group.iri))
        return person

    def posted(self, user, group, *rest, **fields):
        """A note that was taken."""
        note, answer = user.says(group.reference, *rest, **fields)
        self.assertStatus(202, answer)
        return note

    def said(self, person, group, *rest, **fields):
        """A post of ActivityPub that was taken."""
        note, answer = person.says(group.iri, *rest, **fields)
        self.assertStatus(202, answer)
        return note

    def federated(self, domain, group, note, times=1):
        """Waits until a domain was told of a note so often."""
        return domain.hears("pub.versia:groups/Federate", times, group=group.reference, note=note)

    def federations(self, domain, group):
        """All notes of which a domain was told, in order."""
        return [heard["note"] for heard in domain.heard("pub.versia:groups/Federate", group=group.reference)]

    def new_federation(self, domain, group, known=()):
        """The first note of which a domain is told that is not known."""

        def look():
            return [note for note in self.federations(domain, group) if note not in known]

        return waits_for(f"a Federate to {domain.name}", look, otherwise=lambda: f"{domain.inbox}")[0]

    # What must hold

    def assertStatus(self, status, answer):
        self.assertEqual(answer.status, status, answer)

    def settles(self, *hosts):
        """Waits until nothing is due to these: what they have not heard by then they never hear."""
        names = [getattr(host, "name", None) or host.authority for host in hosts]

        def nothing_waits():
            rows = [row for row in self.queue() if row["host"] in names]
            return all(
                row["entries"] + row["letters"] == 0 and row["state"] not in ("sending", "looking_up") for row in rows
            )

        waits_for(
            f"that nothing waits for {names}", nothing_waits, LIMIT * 2, lambda: json.dumps(self.queue(), indent=1)
        )

    def queue(self):
        """A row for each inbox that the server sends to."""
        return self.folkmoot.command("queue", "status", "--all")

    def page(self, path, **headers):
        """A GET by nobody."""
        return wire.send("GET", f"{self.base}{path}", {"Host": urllib.parse.urlsplit(self.base).netloc, **headers})

    def never(self, look, seconds=1.0):
        """For what no queue shows: that nothing happens within a moment."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.assertFalse(look())
            time.sleep(0.05)

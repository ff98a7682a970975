"""A domain that speaks Versia 0.6: its key and metadata, its users and notes, its inbox, and what it sends and fetches.

One rule: it believes nothing that is not signed and strict. Whatever it dislikes about what reaches it is a complaint,
and a test with complaints fails. Several of them live in one process, each on a port of its own; `Web` knows the ports.
Who lives there is in `users.py`.
"""

import itertools
import json
import os
import re
import threading
import time
import urllib.parse

import signing
import strict
import wire
from users import User, now, text

VERSIA = "/.versia/v0.6"
INBOX = f"{VERSIA}/inbox"
INSTANCE = f"{VERSIA}/instance"
MEDIA_TYPE = "application/vnd.versia+json"
GROUP = "pub.versia:groups/Group"

# How long anything that must happen may take, in seconds.
LIMIT = float(os.environ.get("VERSIA_LIMIT", "30"))

# What an inbox may answer.
INBOX_STATUS = {202, 400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 503}


def entity_path(type, id):
    return f"{VERSIA}/entities/{urllib.parse.quote(type, safe='')}/{id}"


def collection_path(type, id, name, **query):
    path = f"{entity_path(type, id)}/collections/{urllib.parse.quote(name, safe='')}"
    return f"{path}?{urllib.parse.urlencode(query)}" if query else path


def waits_for(what, look, limit=LIMIT, otherwise=lambda: ""):
    """The first thing that `look` finds."""
    end = time.monotonic() + limit
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"It never came: {what}. {otherwise()}")
        time.sleep(0.02)


def problem(status, title):
    """RFC 9457."""
    body = json.dumps({"title": title, "status": status}).encode()
    return status, {"Content-Type": "application/problem+json"}, body


class Web:
    """Who is where: in place of DNS and port 443."""

    def __init__(self):
        self.origins = {}
        self.keys = {}
        self.complaints = []

    def url(self, domain, target):
        return f"{self.origins[domain]}{target}"

    def verify(self, signed_by, *request):
        """With the key that we know, else with a new one, if there is a new one."""
        known = self.keys.get(signed_by)
        try:
            signing.verify(self.key_of(signed_by), *request)
        except signing.Unsigned:
            self.keys.pop(signed_by, None)
            if known in (None, self.key_of(signed_by)):
                raise
            signing.verify(self.key_of(signed_by), *request)

    def key_of(self, domain):
        """From its metadata, once."""
        if domain not in self.keys:
            answer = wire.send("GET", self.url(domain, INSTANCE), {"Accept": MEDIA_TYPE})
            if answer.status != 200:
                raise signing.Unsigned(f"{domain} has no metadata: {answer}")
            self.keys[domain] = strict.metadata(strict.parse(answer.body), of=domain)["public_key"]["key"]
        return self.keys[domain]


class Heard:
    """One entity that was POSTed to an inbox, as it came."""

    def __init__(self, request, entity, signed_by):
        self.request = request
        self.entity = entity
        self.signed_by = signed_by
        self.at = time.monotonic()

    def __getitem__(self, field):
        return self.entity.get(field)

    def __repr__(self):
        return json.dumps(self.entity)


class Domain:
    def __init__(self, name, web):
        self.name = name
        self.web = web
        self.key = signing.Key()
        self.answers_with = self.key
        self.entities = {}
        self.inbox = []
        self.fetched = []
        self.instead = {}
        self.gone = False
        self.like_the_reference = False
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.metadata = {
            "type": "InstanceMetadata",
            "name": name,
            "description": None,
            "software": {"name": "peer", "version": "1.0.0"},
            "compatibility": {"versions": [strict.VERSION], "extensions": [strict.GROUPS, "pub.versia:share"]},
            "domain": name,
            "logo": None,
            "banner": None,
            "public_key": {"algorithm": "ed25519", "key": self.key.public},
            "created_at": now(ago=86400),
        }
        self.listener = wire.Listener(self.serve)
        web.origins[name] = self.listener.base

    def stop(self):
        self.listener.stop()

    def complains(self, why):
        self.web.complaints.append(f"{self.name}: {why}")

    # What it serves

    def serve(self, request):
        if self.gone:
            return None
        try:
            return self.answer(request)
        except (strict.Refused, signing.Unsigned) as error:
            if self.like_the_reference and request.method == "GET":
                return problem(401, str(error))
            self.complains(f"{request.method} {request.target}: {error}\n{dict(request.headers)}\n{request.body!r}")
            status = 401 if isinstance(error, signing.Unsigned) else 422
            return problem(status, str(error))

    def answer(self, request):
        if request.method == "POST":
            return self.hear(request)
        self.fetched.append(request.target)
        if request.path in self.instead:
            return self.instead[request.path]
        if request.path == "/.well-known/versia":
            return self.document({"versions": [strict.VERSION]})
        if request.path == INSTANCE:
            return self.document(self.metadata)
        if not request.path.startswith(f"{VERSIA}/"):
            return problem(404, "another protocol")  # NodeInfo, for one
        self.verify(request)
        self.check_headers(request)
        found = self.find(request.path)
        if found is None:
            return problem(404, "not here")
        return self.document(found, request.path)

    def changes_key(self):
        self.key = self.answers_with = signing.Key()
        self.metadata["public_key"]["key"] = self.key.public

    def document(self, value, signed_path=None):
        body = json.dumps(value).encode()
        mime = "application/json" if self.like_the_reference else strict.CONTENT_TYPE
        headers = {"Content-Type": mime}
        if signed_path is not None:
            path = encode_again(signed_path) if self.like_the_reference else signed_path
            headers.update(signing.sign(self.answers_with, self.name, "GET", path, body))
        return 200, headers, body

    def find(self, path):
        """An entity by its address. The reference implementation has users and notes under names of its own."""
        prefix = f"{VERSIA}/entities/"
        steps = path[len(prefix) :].split("/") if path.startswith(prefix) else []
        if len(steps) != 2:
            return None
        type, id = urllib.parse.unquote(steps[0]), steps[1]
        if self.like_the_reference:
            type = {"pub.versia:users/User": "User", "pub.versia:notes/Note": "Note"}.get(type)
        return self.entities.get((type, id))

    def verify(self, request):
        signed_by = request.headers.get(signing.SIGNED_BY, "")
        strict.domain(signed_by, signing.SIGNED_BY)
        path = encode_again(request.path) if self.like_the_reference else request.path
        self.web.verify(signed_by, request.headers, request.method, path, request.body)
        return signed_by

    def check_headers(self, request):
        agent = request.headers.get("User-Agent", "")
        strict.expect(re.search(r"^\S+/\S+ \(\+?http", agent), "User-Agent", f"not `Name/Version (URL)`: {agent!r}")
        accept = request.headers.get("Accept", "")
        strict.expect(request.method == "POST" or accept == MEDIA_TYPE, "Accept", f"not {MEDIA_TYPE}: {accept!r}")
        if request.method == "POST":
            mime = request.headers.get("Content-Type")
            strict.expect(mime == strict.CONTENT_TYPE, "Content-Type", f"not {strict.CONTENT_TYPE}: {mime!r}")

    def hear(self, request):
        strict.expect(request.target == INBOX, "POST", f"{request.target} is no inbox")
        signed_by = self.verify(request)
        self.check_headers(request)
        entity = strict.entity(strict.parse(request.body), signed_by=signed_by)
        with self.lock:
            self.inbox.append(Heard(request, entity, signed_by))
        return 202, {"Content-Type": strict.CONTENT_TYPE}, b""

    # What it sends

    def signed(self, method, target, body=b"", **how):
        """Headers of a good request; `how` says what is wrong with it."""
        path = how.get("signed_path", target.split("?")[0])
        key, name = how.get("key", self.key), how.get("signed_by", self.name)
        headers = {
            "Host": how.get("host", "forum.test"),
            "Accept": MEDIA_TYPE,
            "User-Agent": f"Peer/1.0.0 (https://{self.name})",
        }
        if method == "POST":
            headers["Content-Type"] = strict.CONTENT_TYPE
        headers.update(signing.sign(key, name, method, path, how.get("signed_body", body), how.get("signed_at")))
        headers.update(how.get("headers", {}))
        return {name: value for name, value in headers.items() if name not in how.get("without", ())}

    def posts(self, entity, to, **how):
        """POSTs an entity, or bytes, signed."""
        body = entity if isinstance(entity, bytes) else json.dumps(entity).encode()
        return self.sends_again(to, self.signed("POST", INBOX, body, **how), body)

    def sends_again(self, to, headers, body):
        """POSTs something that is signed already; the answer must be one that an inbox may give."""
        answer = wire.send("POST", self.web.url(to, INBOX), headers, body)
        if answer.status not in INBOX_STATUS:
            self.complains(f"the inbox of {to} answers {answer}")
        if answer.status >= 400:
            self.check_problem(answer)
        return answer

    def gets(self, target, of, **how):
        """GETs something signed, and checks the answer's type and signature."""
        answer = wire.send("GET", self.web.url(of, target), self.signed("GET", target, **how))
        if answer.status == 200:
            self.check_answer(answer, target, of)
        elif answer.status >= 400:
            self.check_problem(answer)
        return answer

    def check_answer(self, answer, target, of):
        try:
            mime = answer.headers.get("Content-Type")
            strict.expect(mime == strict.CONTENT_TYPE, "Content-Type", f"not {strict.CONTENT_TYPE}: {mime!r}")
            self.web.verify(of, answer.headers, "GET", target.split("?")[0], answer.body)
            by = answer.headers[signing.SIGNED_BY]
            strict.expect(by == of, signing.SIGNED_BY, f"{by}, not {of}")
        except (strict.Refused, signing.Unsigned) as error:
            self.complains(f"the answer to GET {target}: {error}\n{dict(answer.headers)}\n{answer.body!r}")

    def check_problem(self, answer):
        """Errors are problem documents (RFC 9457)."""
        try:
            mime = answer.headers.get("Content-Type", "")
            strict.expect(
                mime.startswith("application/problem+json"), "Content-Type", f"of a {answer.status}: {mime!r}"
            )
            problem = json.loads(answer.body)
            strict.expect(problem.get("status") == answer.status, "status", f"{problem}")
            strict.string(problem.get("title"), "title")
        except (strict.Refused, ValueError) as error:
            self.complains(f"{answer.status} {answer.body!r}: {error}")

    def fetches(self, reference, type):
        """The entity that a reference names, strict, and where it must be."""
        of, id = reference.split(":")
        answer = self.gets(entity_path(type, id), of)
        if answer.status != 200:
            raise AssertionError(f"{type} {reference}: {answer}")
        entity = strict.entity(strict.parse(answer.body), f"{reference}", type, signed_by=of)
        strict.expect(entity["id"] == id, reference, f"its id is {entity['id']}")
        return entity

    def collects(self, type, reference, name, **query):
        """A page of a collection of references; `offset` and `limit` as they are asked for."""
        of, id = reference.split(":")
        answer = self.gets(collection_path(type, id, name, **query), of)
        if answer.status != 200:
            raise AssertionError(f"{name} of {reference}: {answer}")
        return strict.collection(
            strict.parse(answer.body), f"{name} of {reference}", limit=min(max(query.get("limit", 40), 1), 40)
        )

    # What it heard

    def heard(self, type, **fields):
        """All of this type with these fields, in the order in which they came."""
        with self.lock:
            return [
                heard
                for heard in self.inbox
                if heard["type"] == type and all(heard[field] == value for field, value in fields.items())
            ]

    def hears(self, type, times=1, limit=LIMIT, **fields):
        """Waits for so many; the last of them."""

        def told():
            return f"{self.name} heard {self.inbox}. Complaints: {self.web.complaints[-3:]}"

        before = len(self.web.complaints)

        def look():
            if len(self.web.complaints) > before:  # it fails anyway
                raise AssertionError(self.web.complaints[-1])
            return self.heard(type, **fields)[times - 1 : times]

        return waits_for(f"{times} {type} {fields}", look, limit, told)[0]

    # Who lives here

    def user(self, name=None, **fields):
        number = next(self.numbers)
        id = f"u{number}"
        self.entities[("User", id)] = {
            "type": "User",
            "id": id,
            "created_at": now(ago=3600),
            "username": name or f"user{number}",
            "display_name": (name or f"user{number}").capitalize(),
            "fields": [],
            "manually_approves_followers": False,
            "indexable": True,
            "avatar": None,
            "header": None,
            "bio": text("<p>Likes soil.</p>"),
            **fields,
        }
        return User(self, id)


def encode_again(path):
    """As `encodeURI` does it to a path that is encoded already."""
    return path.replace("%", "%25")

"""Servers that speak ActivityPub, beside those that speak Versia: one as Mastodon does, one as Lemmy.

One rule: they really sign with RSA (draft-cavage-http-signatures-12) and believe nothing that does not verify, or that
the real programs refuse; what they dislike is a complaint. Nothing in here knows Versia.
"""

import base64
import datetime
import email.utils
import hashlib
import itertools
import json
import re
import threading
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

import wire
from domains import LIMIT, now, waits_for

CONTEXT = "https://www.w3.org/ns/activitystreams"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
MEDIA_TYPE = "application/activity+json"
SHOWN = {"Note", "Page", "Article", "Question"}


class Refused(Exception):
    """What is wrong with what was said."""


def expect(holds, why):
    if not holds:
        raise Refused(why)


def host(iri):
    return urllib.parse.urlsplit(iri).netloc


def listed(value):
    return value if isinstance(value, list) else [] if value is None else [value]


class Key:
    def __init__(self):
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = self.private.public_key()
        self.pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def headers(self, key_id, method, url, body=None):
        url = url.split("#")[0]
        split = urllib.parse.urlsplit(url)
        target = url.split(split.netloc, 1)[1]
        signed = {
            "(request-target)": f"{method.lower()} {target}",
            "host": split.netloc,
            "date": email.utils.formatdate(usegmt=True),
        }
        if body is not None:
            signed["digest"] = "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()
            signed["content-type"] = MEDIA_TYPE
        text = "\n".join(f"{name}: {value}" for name, value in signed.items())
        signature = base64.b64encode(self.private.sign(text.encode(), padding.PKCS1v15(), SHA256())).decode()
        sent = {name: value for name, value in signed.items() if not name.startswith("(")}
        names = " ".join(signed)
        sent["signature"] = f'keyId="{key_id}",algorithm="rsa-sha256",headers="{names}",signature="{signature}"'
        return sent


def verify(request, key_of):
    """The id of the key that signed this POST; it covers what it must."""
    fields = dict(re.findall(r'(\w+)="?([^",]+)"?', request.headers.get("signature", "")))
    expect("keyId" in fields, f"not signed: {dict(request.headers)}")
    names = fields["headers"].split()
    for name in ("(request-target)", "host", "digest", "date"):
        expect(name in names, f"{name} is not signed")
    digest = "SHA-256=" + base64.b64encode(hashlib.sha256(request.body).digest()).decode()
    expect(request.headers.get("digest") == digest, "the digest is of another body")
    date = email.utils.parsedate_to_datetime(request.headers["date"])
    expect(abs((datetime.datetime.now(datetime.timezone.utc) - date).total_seconds()) < 3600, f"of {date}")
    target = f"{request.method.lower()} {request.target}"
    lines = [f"{name}: {target if name == '(request-target)' else request.headers[name]}" for name in names]
    owner, pem = key_of(fields["keyId"])
    try:
        signature = base64.b64decode(fields["signature"])
        load_pem_public_key(pem.encode()).verify(signature, "\n".join(lines).encode(), padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        raise Refused(f"{fields['keyId']} did not sign this") from None
    return owner


class Town:
    """A server and whoever lives there. `software`: what its NodeInfo says that it is, and how its people speak."""

    def __init__(self, software, web):
        self.software = software
        self.web = web
        self.documents = {}
        self.inbox = []
        self.keys = {}
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.key = Key()
        self.listener = wire.Listener(self.serve)
        self.base = self.listener.base
        self.authority = host(self.base)
        self.server = self.person("server", kind="Application")

    def stop(self):
        self.listener.stop()

    # What it serves

    def serve(self, request):
        try:
            return self.answer(request)
        except Refused as error:
            self.web.complaints.append(f"{self.software}: {request.method} {request.target}: {error}\n{request.body!r}")
            return 400, {"Content-Type": "text/plain"}, str(error).encode()

    def answer(self, request):
        if request.method == "POST":
            return self.hear(request)
        if request.path == "/.well-known/nodeinfo":
            rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
            return self.document({"links": [{"rel": rel, "href": f"{self.base}/nodeinfo/2.0"}]}, "application/json")
        if request.path == "/nodeinfo/2.0":
            return self.document(self.node_info(), "application/json")
        found = self.documents.get(f"{self.base}{request.target}")
        return self.document(found, MEDIA_TYPE) if found else (404, {}, b"")

    def document(self, value, mime):
        return 200, {"Content-Type": mime}, json.dumps(value).encode()

    def node_info(self):
        version = {"mastodon": "4.5.0", "lemmy": "0.19.20"}[self.software]
        return {
            "version": "2.0",
            "software": {"name": self.software, "version": version},
            "protocols": ["activitypub"],
            "services": {"inbound": [], "outbound": []},
            "openRegistrations": False,
            "usage": {"users": {}},
            "metadata": {},
        }

    def hear(self, request):
        document = json.loads(request.body)
        signer = verify(request, self.key_of)
        self.judge(document, signer)
        with self.lock:
            self.inbox.append(document)
        return 202, {}, b""

    def judge(self, document, signer):
        """As the real programs read what a group says."""
        for field in ("id", "type", "actor"):
            expect(isinstance(document.get(field), str), f"{field} is no text")
        expect(document["actor"] == signer, f"signed by {signer}")
        expect(host(document["id"]) == host(signer), "its id is on another host than its actor")
        if document["type"] != "Announce":
            return
        expect(PUBLIC in listed(document.get("to")), "an Announce that is not public")
        inner = document["object"]
        if self.software == "mastodon":
            expect(isinstance(inner, str), "Mastodon boosts what is named by its id, and nothing else")
            return
        expect(isinstance(inner, dict), "Lemmy reads the activity that is announced, and no id")
        for field in ("id", "actor", "object"):
            expect(inner.get(field) is not None, f"the announced activity has no {field}")
        expect(inner["actor"] != document["actor"], "the actor of what is announced is the group")
        expect(host(inner["id"]) == host(inner["actor"]), "the announced activity is on another host than its actor")

    # What it fetches

    def key_of(self, key_id):
        if key_id not in self.keys:
            owner = self.fetches(key_id.split("#")[0])
            key = owner.get("publicKey") or {}
            expect(
                key.get("id") == key_id and key.get("owner") == owner["id"], f"{key_id} is not a key of {owner['id']}"
            )
            self.keys[key_id] = (owner["id"], key["publicKeyPem"])
        return self.keys[key_id]

    def asks_for(self, url, accept=MEDIA_TYPE):
        return self.server.gets(url, accept)

    def fetches(self, url):
        """A document by its id, which it must have."""
        answer = self.asks_for(url)
        expect(answer.status == 200, f"GET {url} answers {answer}")
        document = answer.json()
        expect(document.get("id") == url, f"the id of {url} is {document.get('id')}")
        return document

    def looks_up(self, iri):
        """An actor as Mastodon takes one: its document, its key, and the way there and back by WebFinger."""
        actor = self.fetches(iri)
        for field in ("type", "preferredUsername", "inbox", "outbox"):
            expect(isinstance(actor.get(field), str), f"{iri} has no {field}")
        key = actor.get("publicKey") or {}
        expect(key.get("owner") == iri and host(key.get("id", "")) == host(iri), f"the key of {iri}: {key}")
        load_pem_public_key(key["publicKeyPem"].encode())
        handle = f"acct:{actor['preferredUsername']}@{host(iri)}"
        url = f"{iri.split('/', 3)[0]}//{host(iri)}/.well-known/webfinger?resource={urllib.parse.quote(handle)}"
        answer = wire.send("GET", url, {"Host": host(iri)})
        expect(answer.status == 200, f"{handle} leads nowhere: {answer}")
        links = [link for link in answer.json()["links"] if link["rel"] == "self"]
        found = [link["href"] for link in links if "activity" in link.get("type", "")]
        expect(set(found) == {iri}, f"{handle} leads to {found}, not {iri}")
        return actor

    def reads(self, iri):
        """A post, and its author, who is on its host."""
        post = self.fetches(iri)
        expect(post.get("type") in SHOWN, f"{iri} is a {post.get('type')}")
        author = post.get("attributedTo")
        expect(isinstance(author, str) and host(author) == host(iri), f"{iri} is by {author}")
        expect(PUBLIC in listed(post.get("to")) + listed(post.get("cc")), f"{iri} is not public")
        return post, self.looks_up(author)

    # What it heard

    def heard(self, kind, wanted=lambda document: True):
        with self.lock:
            return [document for document in self.inbox if document["type"] == kind and wanted(document)]

    def hears(self, what, kind, wanted=lambda document: True, limit=LIMIT):
        def told():
            return f"{self.software} heard {json.dumps(self.inbox)}, and complains: {self.web.complaints[-3:]}"

        return waits_for(what, lambda: self.heard(kind, wanted), limit, told)[0]

    def tellings(self, post):
        """Each time that a group told of this post for the first time, in this software's own form."""

        def is_of(document):
            inner = document["object"]
            if isinstance(inner, str):
                return inner == post
            return inner["type"] == "Create" and inner["object"]["id"] == post

        return self.heard("Announce", is_of)

    # Who lives here

    def person(self, name, kind="Person", **fields):
        id = f"{self.base}/people/{name}"
        self.documents[id] = {
            "@context": [CONTEXT, "https://w3id.org/security/v1"],
            "id": id,
            "type": kind,
            "preferredUsername": name,
            "name": name.capitalize(),
            "inbox": f"{id}/inbox",
            "outbox": f"{id}/outbox",
            "followers": f"{id}/followers",
            "endpoints": {"sharedInbox": f"{self.base}/inbox"},
            "indexable": True,
            "discoverable": True,
            "url": f"{self.base}/@{name}",
            "publicKey": {"id": f"{id}#main-key", "owner": id, "publicKeyPem": self.key.pem},
            **fields,
        }
        handle = f"acct:{name}@{self.authority}"
        link = {"rel": "self", "type": MEDIA_TYPE, "href": id}
        self.documents[f"{self.base}/.well-known/webfinger?resource={handle}"] = {"subject": handle, "links": [link]}
        return Person(self, id)


class Person:
    def __init__(self, town, id):
        self.town = town
        self.id = id

    def mint(self, kind):
        return f"{self.town.base}/{kind}/{next(self.town.numbers)}"

    def gets(self, url, accept=MEDIA_TYPE):
        headers = self.town.key.headers(f"{self.id}#main-key", "GET", url)
        return wire.send("GET", url, {**headers, "Accept": accept})

    def sends(self, inbox, activity):
        """Signed; kept at its id, with what is in it."""
        body = json.dumps(activity).encode()
        for document in (activity, activity.get("object")):
            if isinstance(document, dict) and document.get("id", "").startswith(self.town.base):
                self.town.documents[document["id"]] = document
        headers = self.town.key.headers(f"{self.id}#main-key", "POST", inbox, body)
        return wire.send("POST", inbox, {**headers, "Accept": MEDIA_TYPE}, body)

    def does(self, group, kind, object, **fields):
        activity = {
            "@context": CONTEXT,
            "id": self.mint("activities"),
            "type": kind,
            "actor": self.id,
            "to": [group],
            "object": object,
            **fields,
        }
        return activity, self.sends(f"{group}/inbox", activity)

    def joins(self, group):
        """Asks by a Follow, as both programs do; the Follow."""
        follow, answer = self.does(group, "Follow", group)
        assert answer.status == 202, answer
        return follow

    def is_let_in(self, follow):
        def answers(document):
            return isinstance(document["object"], dict) and document["object"].get("id") == follow["id"]

        return self.town.hears(f"an Accept of {follow['id']}", "Accept", answers)

    def post(self, group, title, content, **fields):
        """A thread as this software writes it, unsent."""
        note = {
            "id": self.mint("posts"),
            "attributedTo": self.id,
            "content": f"<p>{content}</p>",
            "published": now(),
            "sensitive": False,
            "attachment": [],
        }
        if self.town.software == "lemmy":
            note.update(type="Page", name=title, to=[group, PUBLIC], cc=[], audience=group, mediaType="text/html")
        else:
            mention = {"type": "Mention", "href": group, "name": f"@{group.rsplit('/', 1)[-1]}"}
            note.update(type="Note", to=[PUBLIC], cc=[f"{self.id}/followers", group], tag=[mention], summary=None)
        note["url"] = note["id"]
        note.update(fields)
        return note

    def reply(self, group, to, content, **fields):
        return {**self.post(group, None, content, type="Note", inReplyTo=to, **fields), "name": None}

    def wraps(self, group, kind, object):
        """Sends a Create, Update or Delete of a post: the activity and the answer."""
        where = (
            {"audience": group, "to": [PUBLIC], "cc": [group]}
            if self.town.software == "lemmy"
            else {"to": [PUBLIC], "cc": [group]}
        )
        return self.does(group, kind, object, published=now(), **where)

    def says(self, group, title="Compost", content="Compost, anyone?", **fields):
        note = self.post(group, title, content, **fields)
        _, answer = self.wraps(group, "Create", note)
        return note, answer

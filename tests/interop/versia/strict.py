"""What a document of Versia 0.6 must look like, read strictly: as the specification has it, and no further.

One rule: everything that the server under test says passes through here, and whatever is odd is refused with the place
where it stands. A field that is not listed is refused: the reference implementation does so. Optional fields of an
entity are there, with null. To add an entity: a row in ENTITIES.
"""

import base64
import datetime
import json
import re

from signing import public_key

VERSION = "0.6.0"
CONTENT_TYPE = "application/vnd.versia+json; charset=utf-8"
GROUPS = "pub.versia:groups"

DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
ID = re.compile(r"[A-Za-z0-9_-]{1,512}")
KEY = re.compile(r"[A-Za-z0-9\-_.#/:+]+")  # `+` for the MIME types that are keys of a ContentFormat
EXTENSION = re.compile(r"([a-z0-9-]+\.)+[a-z0-9-]+:[a-z0-9_]+")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
HASH = re.compile(r"[0-9a-f]{64}")
URL = re.compile(r"https?://[^\s/?#@]+([/?#]\S*)?")
MIME = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]*")

CATEGORIES = ["microblog", "forum", "blog", "image", "video", "audio", "messaging"]

# Active content has no place in what one server says to another.
ACTIVE = re.compile(r"<\s*(script|style|iframe|object|embed|form|svg|link|meta)\b|\son[a-z]+\s*=|javascript:", re.I)


class Refused(Exception):
    """What is wrong, and where."""


def refuse(where, why):
    raise Refused(f"{where}: {why}")


def expect(holds, where, why):
    if not holds:
        refuse(where, why)


# JSON


def parse(body, where="body"):
    """Reads JSON as Versia wants it written: UTF-8, no key twice, plain numbers."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        refuse(where, f"not UTF-8: {error}")
    expect("\r" not in text, where, "a line ends in another way than by \\n")

    def number(kind):
        def read(text):
            expect(NUMBER.fullmatch(text) is not None, where, f"{text} is no plain number")
            expect(abs(kind(text)) <= 2**53, where, f"{text} is too large")
            return kind(text)

        return read

    def pairs(found):
        for key, _ in found:
            expect(KEY.fullmatch(key) is not None, where, f"the key {key!r}")
        expect(len(dict(found)) == len(found), where, f"a key is there twice: {[key for key, _ in found]}")
        return dict(found)

    def constant(text):
        refuse(where, f"{text} is no number")

    try:
        return json.loads(
            text, object_pairs_hook=pairs, parse_int=number(int), parse_float=number(float), parse_constant=constant
        )
    except json.JSONDecodeError as error:
        refuse(where, f"no JSON: {error}")


# Plain values. Each is a function of a value and its place, which raises.


def string(value, where):
    expect(isinstance(value, str) and value != "", where, f"not a text of at least one character: {value!r}")


def boolean(value, where):
    expect(isinstance(value, bool), where, f"neither true nor false: {value!r}")


def count(value, where):
    expect(isinstance(value, int) and not isinstance(value, bool) and value >= 0, where, f"no count: {value!r}")


def matching(pattern, what):
    def check(value, where):
        expect(isinstance(value, str) and pattern.fullmatch(value) is not None, where, f"no {what}: {value!r}")

    return check


identifier = matching(ID, "id")
domain = matching(DOMAIN, "domain")
url = matching(URL, "URL")
sha256 = matching(HASH, "SHA-256 in hex")


def time(value, where):
    matching(TIME, "time of RFC 3339")(value, where)
    try:
        datetime.datetime.fromisoformat(re.sub(r"\.\d+", "", value).replace("Z", "+00:00"))
    except ValueError as error:
        refuse(where, f"{value}: {error}")


def reference(value, where):
    """Always with its domain: a bare one would mean another thing to whoever gets it from a third."""
    expect(isinstance(value, str) and value.count(":") == 1, where, f"not `domain:id`: {value!r}")
    of, id = value.split(":")
    domain(of, where)
    identifier(id, where)


def group(value, where):
    if value not in ("public", "followers"):
        reference(value, where)


def one_of(*words):
    def check(value, where):
        expect(value in words, where, f"{value!r} is none of {', '.join(words)}")

    return check


def just(wanted):
    def check(value, where):
        expect(value is wanted, where, f"{value!r}, not {wanted!r}")

    return check


def or_null(check):
    def nullable(value, where):
        if value is not None:
            check(value, where)

    return nullable


def list_of(check):
    def listed(value, where):
        expect(isinstance(value, list), where, f"no list: {value!r}")
        for place, item in enumerate(value):
            check(item, f"{where}[{place}]")

    return listed


def record(fields, optional=None):
    """An object with these fields, of which `optional` may be absent, and no others."""
    optional = optional or {}

    def check(value, where):
        expect(isinstance(value, dict), where, f"no object: {value!r}")
        for field, inner in fields.items():
            expect(field in value, where, f"`{field}` is missing")
            inner(value[field], f"{where}.{field}")
        for field, inner in value.items():
            expect(field in fields or field in optional, where, f"`{field}` has no place here")
            if field in optional:
                optional[field](inner, f"{where}.{field}")

    return check


# Structures


def text(value, where):
    """A ContentFormat of text: HTML always, and of each rendering `content` and `remote` only."""
    expect(isinstance(value, dict), where, f"no ContentFormat: {value!r}")
    expect("text/html" in value, where, "without text/html")
    for mime, inner in value.items():
        expect(mime.startswith("text/"), where, f"{mime} is no text")
        record({"content": string, "remote": just(False)})(inner, f"{where}[{mime}]")
    expect(not ACTIVE.search(value["text/html"]["content"]), where, f"not sanitised: {value['text/html']['content']}")


def media(*families):
    """A ContentFormat of what is fetched from where it is."""
    details = {
        "description": string,
        "size": count,
        "hash": sha256,
        "thumbhash": string,
        "width": count,
        "height": count,
    }

    def check(value, where):
        expect(isinstance(value, dict) and value, where, f"no ContentFormat: {value!r}")
        for mime, inner in value.items():
            expect(MIME.fullmatch(mime) is not None, where, f"no MIME type: {mime}")
            expect(mime.split("/")[0] in families, where, f"{mime} is none of {', '.join(families)}")
            record({"content": url, "remote": just(True)}, details)(inner, f"{where}[{mime}]")

    return check


image = media("image")
attachment = media("image", "audio", "video", "application", "font", "model")


def extensions(value, where):
    expect(isinstance(value, dict), where, f"no object: {value!r}")
    for name, inner in value.items():
        expect(EXTENSION.fullmatch(name) is not None, where, f"{name} is not `reversed.domain:name`")
        expect(isinstance(inner, dict), f"{where}[{name}]", f"no object: {inner!r}")


def category(value, where):
    one_of(*CATEGORIES)(value, where)


# Entities: what each says beside `type` and `created_at`, and beside `id` if it can be fetched.

FETCHED = {
    "User": {
        "username": matching(re.compile(r"[A-Za-z0-9_-]+"), "username"),
        "fields": list_of(record({"key": text, "value": text})),
        "manually_approves_followers": boolean,
        "indexable": boolean,
        "avatar": or_null(image),
        "header": or_null(image),
        "bio": or_null(text),
        "display_name": or_null(string),
    },
    "Note": {
        "author": reference,
        "attachments": list_of(attachment),
        "is_sensitive": boolean,
        "mentions": list_of(reference),
        "previews": list_of(
            record(
                {"link": url, "title": string},
                {"description": or_null(string), "image": or_null(url), "icon": or_null(url)},
            )
        ),
        "content": or_null(text),
        "category": or_null(category),
        "device": or_null(record({"name": string}, {"version": or_null(string), "url": or_null(url)})),
        "group": or_null(group),
        "quotes": or_null(reference),
        "replies_to": or_null(reference),
        "subject": or_null(string),
    },
    "pub.versia:groups/Group": {"name": or_null(text), "description": or_null(text), "open": boolean},
    "pub.versia:share/Share": {"author": reference, "shared": reference},
    "pub.versia:likes/Like": {"author": reference, "liked": reference},
    "pub.versia:likes/Dislike": {"author": reference, "disliked": reference},
    "pub.versia:reactions/Reaction": {"author": reference, "object": reference, "content": string},
}

SUBSCRIPTION = {"subscriber": reference, "group": reference}

PASSING = {
    "Follow": {"author": reference, "followee": reference},
    "Unfollow": {"author": reference, "followee": reference},
    "FollowAccept": {"author": reference, "follower": reference},
    "FollowReject": {"author": reference, "follower": reference},
    "Delete": {"author": reference, "deleted_type": string, "deleted": reference},
    "pub.versia:reports/Report": {
        "author": or_null(reference),
        "reported": list_of(reference),
        "tags": list_of(string),
        "comment": or_null(string),
    },
    "pub.versia:groups/Subscribe": SUBSCRIPTION,
    "pub.versia:groups/Unsubscribe": SUBSCRIPTION,
    "pub.versia:groups/SubscribeAccept": SUBSCRIPTION,
    "pub.versia:groups/SubscribeReject": SUBSCRIPTION,
    "pub.versia:groups/Federate": {"note": reference, "group": reference},
}

# Whose word an entity is: the field whose domain must be the one that signed it.
SPOKEN_BY = {
    "pub.versia:groups/Subscribe": ["subscriber"],
    "pub.versia:groups/Unsubscribe": ["subscriber"],
    "pub.versia:groups/SubscribeAccept": ["group"],
    "pub.versia:groups/SubscribeReject": ["group"],
    "pub.versia:groups/Federate": ["group"],
    "Delete": ["author", "deleted"],
}


def entity(value, where="entity", type=None, signed_by=None):
    """An entity, of this type if one is given, that this domain may have said."""
    expect(isinstance(value, dict), where, f"no object: {value!r}")
    found = value.get("type")
    expect(type is None or found == type, where, f"{found} where {type} should be")
    expect(
        isinstance(found, str) and (found in FETCHED or found in PASSING), where, f"{found!r} is no entity that we know"
    )
    base = {"type": one_of(found), "created_at": time}
    if found in FETCHED:
        base["id"] = identifier
    own = FETCHED.get(found) or PASSING[found]
    record({**base, **own}, {"$schema": url, "extensions": extensions})(value, f"{where} {found}")
    if signed_by is not None:
        for field in SPOKEN_BY.get(found, ["author"] if "author" in own else []):
            of = value[field].split(":")[0]
            expect(of == signed_by, where, f"{signed_by} speaks for {value[field]} in `{field}` of a {found}")
    return value


def user(value, where, signed_by=None):
    return entity(value, where, "User", signed_by)


def note(value, where, signed_by=None):
    return entity(value, where, "Note", signed_by)


def collection(value, where="collection", items=reference, limit=40):
    """`items`: how each is read. Of notes and users in a group these are references."""
    record({"author": or_null(reference), "total": count, "items": list_of(items)})(value, where)
    expect(len(value["items"]) <= limit, where, f"{len(value['items'])} items on a page of {limit}")
    expect(len(value["items"]) <= value["total"], where, f"{len(value['items'])} items of {value['total']}")
    if items is reference:
        expect(len(set(value["items"])) == len(value["items"]), where, f"something is there twice: {value['items']}")
    return value


def well_known(value, where="well-known"):
    expect(value == {"versions": [VERSION]}, where, f"not versions alone: {value!r}")
    return value


def is_key(value, where):
    string(value, where)
    try:
        public_key(value)
    except Exception as error:  # whatever is wrong with it, it is no key
        refuse(where, f"no key: {error}")
    expect(base64.b64encode(base64.b64decode(value)).decode() == value, where, "base64 in another form than the one")


def metadata(value, where="metadata", of=None):
    semver = matching(re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"), "version in full")
    record(
        {
            "type": one_of("InstanceMetadata"),
            "name": string,
            "software": record({"name": string, "version": string}),
            "compatibility": record(
                {"versions": list_of(semver), "extensions": list_of(matching(EXTENSION, "extension"))}
            ),
            "domain": domain,
            "public_key": record({"algorithm": one_of("ed25519"), "key": is_key}),
            "created_at": time,
            "description": or_null(string),
            "logo": or_null(image),
            "banner": or_null(image),
        },
        {"$schema": url, "extensions": extensions},
    )(value, where)
    expect(value["compatibility"]["versions"] == [VERSION], where, f"versions {value['compatibility']['versions']}")
    expect(GROUPS in value["compatibility"]["extensions"], where, f"{GROUPS} is not among its extensions")
    expect(of is None or value["domain"] == of, where, f"{value['domain']} where {of} should be")
    return value

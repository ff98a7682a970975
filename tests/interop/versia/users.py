"""Somebody who lives on a domain of Versia, and what they do.

One rule: each deed is one signed request, and returns what was answered; that it was taken is for the test to say.
"""

import datetime

import strict


def now(ago=0):
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=ago)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def text(html):
    """A ContentFormat as everybody takes it."""
    return {"text/html": {"content": html, "remote": False}}


class User:
    def __init__(self, domain, id):
        self.domain = domain
        self.id = id

    @property
    def reference(self):
        return f"{self.domain.name}:{self.id}"

    def passing(self, type, **fields):
        return {"type": type, "created_at": now(), **fields}

    def sends(self, entity, to="forum.test", **how):
        return self.domain.posts(entity, to, **how)

    def asks(self, kind, group, **how):
        """`Subscribe` or `Unsubscribe`."""
        entity = self.passing(f"{strict.GROUPS}/{kind}", subscriber=self.reference, group=group)
        return self.sends(entity, group.split(":")[0], **how)

    def follows(self, sharer, type="Follow", **how):
        entity = self.passing(type, author=self.reference, followee=sharer)
        return self.sends(entity, sharer.split(":")[0], **how)

    def writes(self, group, html="<p>Compost, anyone?</p>", **fields):
        """A note that is kept here for whoever fetches it; it is not sent."""
        id = fields.pop("id", None) or f"n{next(self.domain.numbers)}"
        note = {
            "type": "Note",
            "id": id,
            "created_at": now(),
            "author": self.reference,
            "category": "forum",
            "content": text(html),
            "device": None,
            "group": group,
            "attachments": [],
            "is_sensitive": False,
            "mentions": [],
            "previews": [],
            "quotes": None,
            "replies_to": None,
            "subject": None,
            **fields,
        }
        self.domain.entities[("Note", id)] = note
        return note

    def reference_of(self, note):
        return f"{self.domain.name}:{note['id']}"

    def says(self, group, html="<p>Compost, anyone?</p>", **fields):
        """Writes a note and sends it to where the group is: the note and the answer."""
        note = self.writes(group, html, **fields)
        return note, self.sends(note)

    def edits(self, note, html, **fields):
        """The whole note again, under its id."""
        note.update(content=text(html), **fields)
        return self.sends(note)

    def deletes(self, note, **how):
        self.domain.entities.pop(("Note", note["id"]), None)
        entity = self.passing("Delete", author=self.reference, deleted_type="Note", deleted=self.reference_of(note))
        return self.sends(entity, **how)

    def does(self, type, **fields):
        """Something that has an id: a Like, a Share."""
        entity = self.passing(type, id=f"e{next(self.domain.numbers)}", author=self.reference, **fields)
        self.domain.entities[(type, entity["id"])] = entity
        return entity, self.sends(entity)

"""The attributes a commit may give its file: description and content dates.

Owns their form. Names and folders among them are ignored: the session has fixed both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commit_conformance.reference.dates import read_date
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.room import Room

__all__ = ["Attributes", "Given"]

DESCRIPTION_LIMIT = 255  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Attributes as they were given; ``None`` means not given."""

    description: str | None = None
    content_created_at: datetime | None = None
    content_modified_at: datetime | None = None
    name: str | None = None


class Attributes(Room):
    """Decides about attributes."""

    def attributes(self, document: dict[str, Any]) -> Given:
        """The attributes in a body.

        Raises:
            Problem: 400, for attributes of the wrong form.
        """
        if "attributes" not in document:
            return self.no_attributes()
        given = document["attributes"]
        if not isinstance(given, dict):
            return self.not_attributes(given)
        return Given(
            description=self.description(given),
            content_created_at=self.content_date(given, "content_created_at"),
            content_modified_at=self.content_date(given, "content_modified_at"),
            name=self.name_attribute(given),
        )

    def no_attributes(self) -> Given:
        """A body without attributes is as good as any."""
        return Given()

    def not_attributes(self, given: object) -> Given:
        """Answer to attributes that are no object."""
        raise self.bad_attribute("The attributes must be an object.")

    def description(self, given: dict[str, Any]) -> str | None:
        """The description, within its limit."""
        text = given.get("description")
        if text is not None and not isinstance(text, str):
            raise self.bad_attribute("The description must be a string.")
        if text is not None and len(text) > DESCRIPTION_LIMIT:
            return self.long_description(text)
        return text

    def long_description(self, text: str) -> str | None:
        """Answer to a description beyond its limit."""
        raise self.bad_attribute(f"The description exceeds {DESCRIPTION_LIMIT} characters.")

    def content_date(self, given: dict[str, Any], member: str) -> datetime | None:
        """A content date."""
        if member not in given:
            return None
        text = given[member]
        if not isinstance(text, str):
            return self.bad_date(member, text)
        try:
            return read_date(text)
        except ValueError:
            return self.bad_date(member, text)

    def bad_date(self, member: str, text: object) -> datetime | None:
        """Answer to a date that is none."""
        raise self.bad_attribute(f"The {member} must be an RFC 3339 date, not before 1970.")

    def name_attribute(self, given: dict[str, Any]) -> str | None:
        """The name the file is to have instead of the session's: none."""
        return None

    def bad_attribute(self, message: str) -> Problem:
        """A 400 about attributes."""
        return Problem(400, "bad_request", message, subject="attributes")

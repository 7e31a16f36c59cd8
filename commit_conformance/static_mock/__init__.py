"""Static mocks: servers that answer from examples and keep nothing of what they are told.

Such a mock cannot be asked whether it refuses a hole in a part list or stores the right bytes. What it can be asked is
whether its examples have the form that the contract gives them, so that a client may be developed against them.

``signs``      how a static mock is told from a server that remembers, and from one that is merely wrong
``questions``  the answers that our description documents
``asking``     asks for them, plainly and by ``Prefer: code=…``
``shapes``     what each answer shows by itself, filed under the rules that speak of it
``files``      the form of a 201
``sessions``   the form of sessions, parts and lists of parts
``trial``      a verdict for every rule, most of them unsupported

Must not know how anything is shown.
"""

from __future__ import annotations

from commit_conformance.static_mock.signs import Signs, look_for_signs
from commit_conformance.static_mock.trial import StaticTrial

__all__ = ["Signs", "StaticTrial", "look_for_signs"]

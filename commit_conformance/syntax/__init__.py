"""Schemathesis as the syntactic layer: it generates, the model judges.

Schemathesis knows what the description allows and is good at what it forbids; it cannot know which parts a session has,
which digest a file has and what a 409 means. So each of its cases is bound to a session that really was uploaded and
differs from a right commit in the one thing that the case is about. What comes back is judged by `model`, under the
rules of the catalogue, as every commit is.

The modules, in reading order:

``description``  descriptions as documents: one that is broken, or disagrees with ours, is told in one message
``graft``        what is invalid in a generated body, put into a right one
``cases``        cases of Schemathesis as commit plans
``layer``        for ``tests/server``: sends such plans with the run's own wire, within what is left of its budget
``scenes``       what a commit meets: a new file, a name that is taken, a stale precondition
``linked``       sessions that Schemathesis has opened along links
``sessions``     the run behind Schemathesis: both of these, and the judgement of its answers
``binding``      binds each case to one of these sessions, and hands the answer to the judge
``hooks``        the hooks and checks that do this in ``st run``; named in ``specs/schemathesis.toml``
``machine``      the links of the description as a state machine, for pytest
``adapter``      requests over an httpx client, so that plain Schemathesis reaches a respx mock

This room may import everything of the project but ``report`` and ``plugin``; nothing but ``tests/server`` imports it,
and ``layer`` imports Schemathesis only once it has something to send.
"""

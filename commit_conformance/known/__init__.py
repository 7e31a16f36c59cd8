"""Known failures: what is wrong and will stay so for a while, with who answers for it and until when.

A list is a TOML file of entries, each for a rule or for a pattern of them. A rule on it is tested like any other; its
failure is told and does not decide. An entry that is no longer needed, that has expired, or that names no rule is told
too, with the lines to delete, and makes the run fail: a list that nobody keeps hides what it was not made for.

``entries``  the list: reading it, and finding the entry of a rule
``review``   which entries a run has shown to be out of date
``update``   writing the list anew after a run

This room knows rules by their ids and verdicts by their names, and nothing else of this project, so that a list serves
rules about servers and rules about clients alike.
"""

from commit_conformance.known.entries import Entry, KnownFailures, KnownFailuresProblem, load
from commit_conformance.known.review import Outdated, open_entries, outdated
from commit_conformance.known.update import Changes, update

__all__ = [
    "Changes",
    "Entry",
    "KnownFailures",
    "KnownFailuresProblem",
    "Outdated",
    "load",
    "open_entries",
    "outdated",
    "update",
]

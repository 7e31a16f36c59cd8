"""Profiles: a file that holds what is to be said of a server, so that nobody has to say it each time.

``file``  reading and checking such a file

A profile is read by the names that the table of options gives; this room knows no option itself, and nothing else of
this project.
"""

from commit_conformance.profiles.file import Field, Profile, ProfileProblem, read_profile

__all__ = ["Field", "Profile", "ProfileProblem", "read_profile"]

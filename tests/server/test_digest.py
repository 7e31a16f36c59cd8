"""The digest header: ``sha=`` and the base64 of the SHA-1 of the whole file."""

from __future__ import annotations

import pytest

from commit_conformance.target.upload import awkward_digest
from commit_conformance.trial.marks import rule
from commit_conformance.trial.server import Server
from strategies import digests
from strategies.plan import CommitPlan

#: Families that are sent for a new version as well.
ALSO_A_VERSION = ("DIGEST-MISMATCH",)


@rule("DIGEST-ACCEPTED", waits=True)
def test_a_right_digest_is_accepted_whatever_characters_it_has(server: Server) -> None:
    """The file is an exact multiple of the part size: should that be why it is refused, the next one tells."""
    if server.survives_refusals():
        return
    server.target.wire.purse.check_files()
    multiple = server.whole_parts * server.target.first_session.part_size
    attempt = server.attempt(server.upload(size=multiple, wants=awkward_digest), CommitPlan())
    if not attempt.created:
        server.commits(upload=server.upload(wants=awkward_digest), what="a right commit, its digest holding + and /")


@rule("DIGEST-RETRY", waits=True)
def test_after_a_wrong_digest_the_right_one_commits(server: Server) -> None:
    if not server.survives_refusals():
        server.survives(digests.mismatch.first(1))


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(family, marks=rule(rule_id, meanwhile=rule_id not in ALSO_A_VERSION), id=rule_id)
        for rule_id, family in {
            "DIGEST-MISSING": digests.missing,
            "DIGEST-MISMATCH": digests.mismatch,
            "DIGEST-OF-BODY": digests.of_body,
            "DIGEST-OF-PARTS": digests.of_parts,
            "DIGEST-HEX": digests.hexadecimal,
            "DIGEST-NO-ALGORITHM": digests.no_algorithm,
            "DIGEST-ALGORITHM-UNSUPPORTED": digests.unsupported,
            "DIGEST-BASE64": digests.bad_base64,
            "DIGEST-LENGTH": digests.wrong_length,
            "DIGEST-CASE": digests.wrong_case,
            "DIGEST-LIST": digests.lists,
            "DIGEST-TWICE": digests.twice,
        }.items()
    ],
)
def test_a_wrong_digest_is_refused(server: Server, family: digests.Family) -> None:
    """The digest of other content is sent for a new version as well: some servers have another path for those."""
    server.refuses(family)
    if server.rule.id in ALSO_A_VERSION:
        server.refuses_version_too(family)
        server.version_unchanged()


@rule("DIGEST-SUBSTITUTE", meanwhile=True)
def test_no_other_header_stands_in_for_the_digest(server: Server) -> None:
    upload = server.target.bank.lease(server.rule.group)
    server.refuses(digests.substitutes(upload.session.sha1), upload=upload)


@rule("DIGEST-HEADER-NAME", late=True)
def test_the_name_of_the_header_has_no_case(server: Server) -> None:
    server.takes_liberty()


@rule("DIGEST-ALGORITHM-CASE", late=True)
def test_the_name_of_the_algorithm_has_no_case(server: Server) -> None:
    server.takes_liberty()


@rule("DIGEST-ALGORITHM-VARIANT")
def test_what_other_names_of_sha1_get(server: Server) -> str:
    return server.observes_liberty()

"""Files of many parts and of many bytes. One upload of each serves all of these rules: it would be dear to repeat."""

from __future__ import annotations

from commit_conformance.trial.marks import rule
from commit_conformance.trial.server import Server


@rule("PART-MANY", late=True)
def test_more_parts_than_a_page_of_them_commit(server: Server) -> None:
    server.lengths.committed(server.lengths.many)


@rule("PART-MANY-WRONG", late=True)
def test_a_list_that_is_wrong_behind_its_thousandth_part_is_refused(server: Server) -> None:
    server.lengths.refused(server.lengths.many)


@rule("SESSION-LIST-PARTS-PAGES", late=True)
def test_the_list_of_parts_goes_on_behind_its_first_page(server: Server) -> None:
    listing = server.lengths.many.listing
    assert listing is not None  # a capability that the rule needs
    if listing.wrong:
        server.fail(listing.wrong, exchange=listing.exchange, what="a list of more than a thousand parts, page by page")


@rule("SESSION-LARGE")
def test_parts_far_behind_in_a_large_file_are_shown_where_they_are(server: Server) -> None:
    """A few parts of a file that is never completed: the first one, and those on either side of 31 and of 32 bits."""
    upload, problems = server.lengths.scattered()
    for exchange, said in problems:
        server.fail(said, exchange=exchange, what=f"a part of a file of {upload.session.file_size} bytes")
    if "list_parts" in server.target.capabilities:
        listing = server.lengths.listed(upload)
        if listing.wrong:
            server.fail(listing.wrong, exchange=listing.exchange, what="a list of parts that lie far apart")
    total, size = upload.session.total_parts, upload.session.file_size
    shown = upload.handle.shown.get("total_parts")
    if shown not in (None, total):
        server.fail(f"total_parts is {shown!r:.40} for {size} bytes in parts of {upload.session.part_size}")
    if "status" in server.target.capabilities and server.progress(upload)[1] not in (None, total):
        server.fail(f"the status shows {server.progress(upload)[1]} parts for {size} bytes, and not {total}")
    if "abort" in server.target.capabilities:
        server.abort(upload)


@rule("PART-LARGE", late=True)
def test_a_file_beyond_32_bits_commits(server: Server) -> None:
    server.lengths.committed(server.lengths.large)


@rule("PART-LARGE-WRONG", late=True)
def test_a_list_that_is_wrong_beyond_32_bits_is_refused(server: Server) -> None:
    server.lengths.refused(server.lengths.large)


@rule("DIGEST-LARGE", late=True)
def test_a_wrong_digest_of_a_large_file_is_refused(server: Server) -> None:
    server.lengths.refused(server.lengths.large)


@rule("CREATED-LARGE-SIZE", late=True)
def test_a_large_file_is_shown_with_its_size(server: Server) -> None:
    server.lengths.shown_in_full(server.lengths.large)

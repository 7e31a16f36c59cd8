"""Part lists that are right in other words: in another order, with a part's SHA-1 in another form, or without it.

The contract lets a server refuse them, and never lets it store anything but the file. With neither another order
nor another form, the list is the one that every server has to take.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from strategies.entry_edits import SHA1_FORMS, Sha1Form, Sha1Forms
from strategies.part_edits import Reorder, Shuffle
from strategies.part_mistakes import PLACES
from strategies.plan import CommitPlan, PartEdit

_pairs = st.tuples(st.integers(0, 40), st.integers(0, 40))
#: Every order there is of a list of any length; of up to forty parts all are within reach.
orders: st.SearchStrategy[PartEdit] = st.one_of(
    st.builds(Reorder, by=st.integers(0, 40)),
    st.builds(Shuffle, exchanges=st.lists(_pairs, min_size=1, max_size=12).map(tuple)),
)


def sha1_forms(forms: Sequence[str] = SHA1_FORMS[1:]) -> st.SearchStrategy[PartEdit]:
    """Other forms of right SHA-1s: of one part, of all parts alike, or of each part another.

    Args:
        forms: The forms to draw from, out of `SHA1_FORMS`.
    """
    turns = st.lists(st.sampled_from(["plain", *forms]), min_size=1, max_size=4).map(tuple)
    return st.builds(Sha1Form, at=PLACES, form=st.sampled_from(forms)) | st.builds(Sha1Forms, forms=turns)


def right_lists(*, reordered: bool = True, forms: Sequence[str] = SHA1_FORMS[1:]) -> st.SearchStrategy[CommitPlan]:
    """Commits whose list names the uploaded parts and nothing else.

    Args:
        reordered: Whether the entries may stand in any order.
        forms: Forms of a part's SHA-1 to draw, out of `SHA1_FORMS`; none keeps all as the server wrote them.
    """
    nothing: st.SearchStrategy[tuple[PartEdit, ...]] = st.just(())
    order = nothing | orders.map(lambda edit: (edit,)) if reordered else nothing
    form = nothing | sha1_forms(forms).map(lambda edit: (edit,)) if forms else nothing
    return st.builds(lambda first, then: CommitPlan(parts=first + then), form, order)

"""A list whose counts don't add up is refused, however they fail to."""

from __future__ import annotations

import re

import pytest

from leadledger.api.lists.results import RowCounts
from leadledger.scoring.errors import DataError

WHOLE = RowCounts(read=10_000, scored=7_000, rejected=3_000, scored_again=7_000, rejected_again=3_000)


def test_counts_that_add_up() -> None:
    """Rows read = scored + rejected + left out; only where some rows are wanted may any be left out."""
    WHOLE.reconcile("leads.csv", all_rows=True)
    some = RowCounts(read=10, scored=5, rejected=2, scored_again=5, rejected_again=2)
    some.reconcile("leads.csv", all_rows=False)
    assert (WHOLE.left_out, some.left_out) == (0, 3)


@pytest.mark.parametrize(
    ("counts", "all_rows"),
    [
        (RowCounts(10, 5, 2, 5, 2), True),
        (RowCounts(10, 8, 3, 8, 3), False),
        (RowCounts(10, 8, 2, 7, 2), True),
        (RowCounts(10, 8, 2, 8, 1), True),
        (RowCounts(10, 5, 2, 5, 3), False),
    ],
)
def test_counts_that_do_not_add_up(counts: RowCounts, all_rows: bool) -> None:
    """A row too few or too many, read, scored or rejected, is an error."""
    with pytest.raises(DataError, match="which doesn't add up; nothing is kept"):
        counts.reconcile("leads.csv", all_rows)


def test_the_message() -> None:
    """It has all the counts."""
    message = (
        "leads.csv: 10,000 rows were read, 7,000 scored, 6,999 read back, 3,000 rejected and 3,000 of these written,"
        " which doesn't add up; nothing is kept. Please report it"
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        RowCounts(10_000, 7_000, 3_000, 6_999, 3_000).reconcile("leads.csv", all_rows=True)

"""The benchmark of long lists, in the small."""

from __future__ import annotations

import csv
from pathlib import Path

from benchmarks.lists import FIELDS, ListRun, TimePair, leads, lines


def test_the_list_has_so_many_leads_and_fields(tmp_path: Path) -> None:
    """Every id is different."""
    with leads(tmp_path, 700).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == FIELDS.split(", ")
    assert len({row["lead_id"] for row in rows}) == 700


def test_what_is_over_its_limit_is_said() -> None:
    """A ratio beside its limit, and the straight line through the times."""
    pairs = [TimePair("copy", 3.0, 2.0, 1.6), TimePair("copy", 4.0, 2.0, 1.6)]
    first, second, *sizes, fit = lines(pairs, [ListRun(1_000_000, 3.0, 10**9), ListRun(2_000_000, 5.0, 10**9)])
    assert (first.endswith("ratio  1.50"), second.endswith("ratio  2.00  over 1.6")) == (True, True)
    assert len(sizes) == 2
    assert fit == "seconds = 1.00 + 2.00 per million rows, at most 0.00 s off"

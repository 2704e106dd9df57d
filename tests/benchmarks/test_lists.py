"""The benchmark of long lists, in the small."""

from __future__ import annotations

import csv
from pathlib import Path

from benchmarks.lists import FIELDS, Pair, Size, leads, lines


def test_the_list_has_so_many_leads_and_fields(tmp_path: Path) -> None:
    """Every id is another one."""
    with leads(tmp_path, 700).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == FIELDS.split(", ")
    assert len({row["lead_id"] for row in rows}) == 700


def test_what_is_over_its_limit_is_said() -> None:
    """A ratio beside its limit, and the straight line through the times."""
    pairs = [Pair("copy", 3.0, 2.0, 1.6), Pair("copy", 4.0, 2.0, 1.6)]
    first, second, *sizes, fit = lines(pairs, [Size(1_000_000, 3.0, 10**9), Size(2_000_000, 5.0, 10**9)])
    assert (first.endswith("ratio  1.50"), second.endswith("ratio  2.00  over 1.6")) == (True, True)
    assert len(sizes) == 2
    assert fit == "seconds = 1.00 + 2.00 per million rows, at most 0.00 s off"

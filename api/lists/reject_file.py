"""The file of rejects beside a list that was scored: one line for each value, or row, that can't be read."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from heapq import merge
from pathlib import Path

from leadledger.api.lists import output_file
from leadledger.api.lists.capabilities import ENGINES
from leadledger.api.lists.results import MOST_REJECTS_WORDED, word_reject
from leadledger.scoring.outputs import list_names
from leadledger.training.sources.scan import Reject


def write_rejects(
    broken: Sequence[Reject], bad: Iterator[Reject], path: Path, *, guarded: bool = False
) -> tuple[int, tuple[str, ...]]:
    """Write two kinds of rejects, each in the order of its rows, in the order of all.

    Returns how many rows they are, and the reasons of the first.

    A list without any gets a file with the header alone. `guarded`: no text may start as a formula does.
    """
    rows = 0
    last = 0
    first: list[str] = []
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(list_names(ENGINES["duckdb"].reject_columns))
        for reject in merge(broken, bad, key=lambda reject: reject.row):
            rows += reject.row != last
            last = reject.row
            if len(first) < MOST_REJECTS_WORDED:
                first.append(word_reject(reject.row, reject.column, reject.reason))
            texts = (reject.column, reject.value, reject.reason)
            writer.writerow([reject.row, *(map(output_file.guard_formula, texts) if guarded else texts)])
    return rows, tuple(first)

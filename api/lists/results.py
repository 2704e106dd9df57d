"""The results of scoring a list: rows read, scored, rejected and left out, and the one check that these add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leadledger.scoring.column_fit import ColumnFit
from leadledger.scoring.errors import DataError

MOST_REJECTS_WORDED = 3


@dataclass(frozen=True)
class RowCounts:
    """How many rows of a list were read, scored and rejected.

    `scored_again` and `rejected_again` are counted once more, in what was written. Rows that can be read and were not
    wanted are left out.
    """

    read: int
    scored: int
    rejected: int
    scored_again: int
    rejected_again: int

    @property
    def left_out(self) -> int:
        """Rows read = scored + rejected + left out."""
        return self.read - self.scored - self.rejected

    def reconcile(self, label: str, all_rows: bool) -> None:
        """Raises DataError where the counts of the list `label` don't add up; `all_rows`: every row was wanted."""
        left_out_fits = self.left_out == 0 if all_rows else self.left_out >= 0
        if self.scored == self.scored_again and self.rejected == self.rejected_again and left_out_fits:
            return
        # Never seen; were it ever so, a list that isn't whole must not look like one.
        raise DataError(
            f"{label}: {self.read:,} rows were read, {self.scored:,} scored, {self.scored_again:,} read back,"
            f" {self.rejected:,} rejected and {self.rejected_again:,} of these written, which doesn't add up; nothing"
            " is kept. Please report it"
        )


@dataclass(frozen=True)
class ScoredList:
    """A list of files that was scored: its counts of rows, the files, how many leads have which advice and grade.

    `left_out` counts the rows that can be read and were not wanted. `fit` says how the columns fit the
    card. `duplicates` counts the rows whose id an earlier row had, `examples` names some ids.
    `notes` are sentences, for people, on what was noticed while the list was read, `first_rejects` the reasons of some.
    `unseen` counts the values of each field that training has never seen. `recorded` counts what entered the log and
    the book; None: nothing was to.
    """

    rows: int
    scored: int
    rejected: int
    left_out: int
    out: Path | str
    rejects: Path | str
    recommendations: Mapping[str, int]
    grades: Mapping[str, int]
    fit: ColumnFit
    duplicates: int
    examples: tuple[str, ...]
    seconds: float
    notes: tuple[str, ...] = ()
    first_rejects: tuple[str, ...] = ()
    unseen: Mapping[str, int] = field(default_factory=dict)
    recorded: Mapping[str, int] | None = None

    @property
    def all_rejected(self) -> bool:
        """Whether the list has rows and each was rejected: then no scores are written."""
        return 0 < self.rows == self.rejected

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "rows": self.rows,
            "scored": self.scored,
            "rejected": self.rejected,
            "left_out": self.left_out,
            "out": str(self.out),
            "rejects": str(self.rejects),
            "recommendations": dict(self.recommendations),
            "grades": dict(self.grades),
            "columns_not_used": list(self.fit.unused),
            "fields_not_in_the_list": list(self.fit.absent),
            "columns_misspelt": dict(self.fit.misspelt),
            "duplicate_ids": self.duplicates,
            "examples_of_duplicate_ids": list(self.examples),
            "notes": list(self.notes),
            "unseen": dict(self.unseen),
            **({} if self.recorded is None else {"log": dict(self.recorded)}),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class ScoredTable:
    """A table of a database that was scored: its counts of rows, and the tables that were written.

    `duplicates` of the rejected rows share their id with another row. `notes` are sentences, for people, on what was
    noticed while it was read, `first_rejects` the reasons of some rejects.
    `unseen` counts the values of each field that training has never seen.
    """

    rows: int
    scored: int
    rejected: int
    duplicates: int
    into: str
    rejects: str
    recommendations: Mapping[str, int]
    grades: Mapping[str, int]
    fit: ColumnFit
    notes: tuple[str, ...] = ()
    first_rejects: tuple[str, ...] = ()
    unseen: Mapping[str, int] = field(default_factory=dict)

    @property
    def all_rejected(self) -> bool:
        """Whether the list has rows and each was rejected: then no scores are written."""
        return 0 < self.rows == self.rejected

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "rows": self.rows,
            "scored": self.scored,
            "rejected": self.rejected,
            "duplicates": self.duplicates,
            "into": self.into,
            "rejects": self.rejects,
            "recommendations": dict(self.recommendations),
            "grades": dict(self.grades),
            "columns_not_used": list(self.fit.unused),
            "fields_not_in_the_table": list(self.fit.absent),
            "columns_misspelt": dict(self.fit.misspelt),
            "notes": list(self.notes),
            "unseen": dict(self.unseen),
        }


def word_reject(row: int | str | None, column: str | None, reason: str | None) -> str:
    """A reject as a line for people: `row 3: budget: 'lots' is not a number`."""
    where = f"row {row:,}" if isinstance(row, int) else str(row or "a row")
    return f"{where}: {column}: {reason}" if column else f"{where}: {reason}"

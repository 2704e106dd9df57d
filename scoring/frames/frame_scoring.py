"""What a data frame is scored with, and how its columns fit the card."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from leadledger.scoring.column_fit import find_columns, require_columns
from leadledger.scoring.errors import DataError, did_you_mean, quote
from leadledger.scoring.frames.events import IN_MEMORY
from leadledger.scoring.frames.libraries import SPARK, find_library
from leadledger.scoring.outputs import PLUS_MINUS, REASON_COLUMNS, Column, list_names
from leadledger.scoring.scorecard import Scorecard

LOGGER = logging.getLogger("leadledger")
LABEL = "the data frame"
IN_SPARK = "Spark DataFrame"
PROBLEM = "problem"


@dataclass(frozen=True)
class FrameScoring:
    """What `score_frame` was called with, but for the frame."""

    card: Scorecard
    as_of: date
    explain: bool
    keep: Sequence[str] | None
    prefix: str
    events: Any = None

    def check_events(self, sort: str) -> None:
        """Raises DataError where events are given that aren't counted, or none that are."""
        card = self.card.card
        if card.events and self.events is None:
            raise DataError(f"the card '{card.name}' counts events; give those of the leads as a frame, events=…")
        if self.events is not None and not card.events:
            raise DataError(
                f"the card '{card.name}' has no `events:`, so it can't count any; declare their kinds in the card, or"
                " leave them out"
            )
        if card.events and sort == IN_SPARK:
            if find_library(self.events) != SPARK:
                raise DataError(f"{LABEL}: must be a Spark DataFrame, as the leads are")
        elif card.events and sort not in IN_MEMORY:
            raise DataError(f"{LABEL}: events aren't counted for a {sort} yet; give a frame that lies in memory")

    @property
    def output_columns(self) -> tuple[Column, ...]:
        """The columns that a score adds, before `problem` and without the prefix."""
        reasons = (PLUS_MINUS, *REASON_COLUMNS) if self.explain else ()
        return (*self.card.score_columns, *reasons)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Their names."""
        return list_names(self.output_columns)

    @property
    def new_names(self) -> dict[str, str]:
        """The names of the columns that are added, `problem` the last, by what they hold."""
        return {name: f"{self.prefix}{name}" for name in (*self.outputs, PROBLEM)}

    def kept(self, columns: Sequence[Any]) -> list[Any]:
        """The columns of a frame to bring along."""
        return list(columns) if self.keep is None else list(dict.fromkeys(self.keep))

    def read(self, columns: Sequence[Any]) -> list[str]:
        """The columns of a frame that belong to a field, in their order."""
        by_field = find_columns(self.card.card, dict.fromkeys(columns, ""))
        of_fields = {column for names in by_field.values() for column in names}
        return [column for column in dict.fromkeys(columns) if column in of_fields]

    def check(self, columns: list[Any], added: Sequence[str]) -> None:
        """Raises DataError where the columns of a frame can't be scored, kept or told apart."""
        fit = require_columns(self.card.card, columns, LABEL)
        warn(self.card, " ".join(f"{sentence}." for sentence in fit.describe("data frame")))
        read, kept = self.read(columns), self.kept(columns)
        twice = [column for column in [*read, *kept] if columns.count(column) > 1]
        if twice:
            raise DataError(f"{LABEL}: has two columns {quote(twice[0])}; drop one, or rename it")
        first: dict[str, str] = {}
        for column in read:  # SQL takes names that differ in case for one
            same = first.setdefault(column.lower(), column)
            if same != column:
                raise DataError(
                    f"{LABEL}: the columns {quote(same)} and {quote(column)} differ only in case; drop one, or"
                    " rename it"
                )
        for column in kept:
            if column not in columns:
                hint = did_you_mean(str(column), map(str, columns))
                raise DataError(f"{LABEL}: has no column {quote(column)} to keep.{hint}")
        for column in added:
            if column in kept:
                raise DataError(
                    f"{LABEL}: has a column {quote(column)} already; give the new ones another name, as in"
                    " prefix='lead_', or leave it out of `keep`"
                )


def warn(card: Scorecard, text: str) -> None:
    """Log a warning, once for a scorecard: a frame may come in many parts, and a log is read by people.

    No Python warning, which test suites turn into an error.
    """
    warned = card.__dict__.setdefault("warned", set())  # as `get_engine` keeps what follows from a frozen scorecard
    if text and text not in warned:
        warned.add(text)
        LOGGER.warning("score_frame: %s", text)

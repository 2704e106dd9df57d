"""What of a list is wanted: which rows and columns to write, in which order, and into which files beside the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from leadledger.scoring.card.condition import parse_tree
from leadledger.scoring.errors import ConditionError, DataError, did_you_mean, quote
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.scorecard import Card
from leadledger.scoring.tree import Node


@dataclass(frozen=True)
class Wanted:
    """Everything that a caller can ask of a scored list; `capabilities.py` says which engine lacks what.

    `explain` adds the three strongest reasons each way, the standard error and the questions; `prefix` stands before
    the names of new columns; `where` is a condition in the card's own language; `only` are recommendations; `top` is
    the number of best leads to write; `best_first` sorts by points; `columns` names what to write, of the list's
    columns and of the new ones (none: all). `ledger` is the file, or the table in a database, for the entries of each
    lead (None: no ledger); `rejects` the file or folder for what can't be read (None: beside the scores).
    `guard_formulas` puts an apostrophe before texts that a program for sheets may run as a formula, in CSV alone: a
    sheet keeps them as texts. `events` is the file or folder of the events of the leads, `events_table` the table of
    them in a database (None, empty: it isn't known which there are).
    """

    explain: bool = False
    prefix: str = ""
    where: str = ""
    only: tuple[str, ...] = ()
    top: int | None = None
    best_first: bool = False
    columns: tuple[str, ...] = ()
    ledger: Path | str | None = None
    rejects: Path | str | None = None
    guard_formulas: bool = False
    events: Path | str | None = None
    events_table: str = ""
    log: bool = False

    @property
    def all_rows(self) -> bool:
        """Whether every row that can be read is written."""
        return not self.where and not self.only and self.top is None


def check_recommendations(only: Sequence[str]) -> None:
    """Refuse a name that is no recommendation. Raises DataError."""
    for verdict in only:
        if verdict not in VERDICTS:
            raise DataError(f"there is no recommendation {quote(verdict)}.{did_you_mean(verdict, VERDICTS)}")


def parse_where(card: Card, condition: str) -> Node | None:
    """A condition over a card's fields, as `--where` takes it; None for an empty one. Raises DataError."""
    if not condition:
        return None
    try:
        return parse_tree(condition, card.fields)
    except ConditionError as error:
        raise DataError(f"--where: {error}\n  {condition}\n  {' ' * error.offset}^") from None


def choose_columns(columns: Sequence[str], label: str, outputs: Mapping[str, str], wanted: Wanted) -> tuple[str, ...]:
    """The columns to write, by their names in the output, in its order. Raises DataError.

    `columns` are those of the list, `outputs` maps each column that scoring adds to its name in the output, `label` is
    what messages call the list.
    """
    taken = {column.lower() for column in columns}
    for output in outputs.values():
        if output.lower() in taken:
            raise DataError(
                f"{label}: has a column '{output}' already; give the new ones another name, as in --prefix lead_"
            )
    known = [*columns, *outputs.values()]
    for position, column in enumerate(wanted.columns):
        if column in wanted.columns[:position]:
            raise DataError(f"{label}: column {quote(column)} is wanted twice; name it once")
        if column not in known:
            raise DataError(f"{label}: there is no column {quote(column)} to write.{did_you_mean(column, known)}")
    return wanted.columns or tuple(known)

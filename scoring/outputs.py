"""The vocabulary of results, written once: verdicts, kinds of ledger entries, and the columns of a scored list.

Whoever prints, stores, describes or sends a result takes the words from here: the gate, the card's reader, the SQL
printer, the engines that score lists, the schemas, write-backs and back-tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Verdict: TypeAlias = Literal["promote", "ask", "nurture", "disqualify", "keep", "demote"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

TermKind: TypeAlias = Literal["table", "pair", "combination"]
EntryKind: TypeAlias = Literal["start", "rule", "cap", "group", "table", "pair", "combination"]
ENTRY_KINDS: tuple[EntryKind, ...] = get_args(EntryKind)

REASONS_PER_SIDE = 3  # the most telling entries of a ledger, on either side, that are named as reasons


@dataclass(frozen=True)
class Column:
    """A column that scoring adds to a list: its name, its type in every engine, and what it holds."""

    name: str
    type: Literal["integer", "number", "text", "date"]
    meaning: str


SCORE_COLUMNS = (
    Column("score", "integer", "0…100, the total rounded and cut"),
    Column("points", "number", "the total, in points"),
    Column("probability", "number", "0..1; empty where no base rate is known"),
    Column("grade", "text", "by the card's cut-offs; empty where it has none"),
    Column("recommendation", "text", "one of VERDICTS"),
    Column("percentile", "integer", "0…99, of 100 judged leads those with fewer points; empty where not known"),
)
SALE_COLUMNS = (
    Column("sale_probability", "number", "0..1, the chance of a sale; empty where a step isn't known, or none is left"),
    Column("expected_value", "number", "that chance times the amount, not rounded; empty where either isn't known"),
)
AXIS_COLUMNS = (
    Column("fit", "number", "the points on the axis fit"),
    Column("engagement", "number", "the points on the axis engagement"),
    Column("axis_grades", "text", "the grades of both, such as B2; ? where too much of one is unknown"),
)
PROPENSITY_COLUMNS = (
    Column("propensity", "number", "0..1, the probability with which the lead was to be promoted, known before a draw"),
)
ADVICE_COLUMNS = (
    Column("recommended_since", "date", "the day from which the recommendation has been the same"),
    Column("below_since", "date", "the first look at which a promoted lead was under the band; empty: it isn't"),
)
PLUS_MINUS = Column("plus_minus", "number", "standard error of the points; empty where none is known")
REASON_COLUMNS = tuple(
    Column(f"{side}_{rank}", "text", f"the entry that {side}s most, of rank {rank}; empty where there are fewer")
    for side in ("gain", "loss")
    for rank in range(1, REASONS_PER_SIDE + 1)
)
QUESTIONS = Column("questions", "text", "what to ask a lead that is recommended to be asked")

# The members of a result in JSON; those that a property of a CRM can hold come first.
WRITE_BACK_OUTPUTS = (
    *("score", "points", "low", "high", "plus_minus", "probability", "grade", "percentile", "recommendation"),
    *("from", "to", "reasons", "questions", "as_of", "card", "release", "sale_probability", "expected_value"),
    *("fit", "engagement", "axis_grades", "propensity", "recommended_since", "below_since"),
)
# Of releases that know the place of a lead among others, which texts training has seen, and the steps up to a sale; of
# cards with events, with axes, with a stage that explores, and with one that remembers.
OPTIONAL_MEMBERS = (
    *("percentile", "unseen", "sale_probability", "expected_value", "steps", "step_ledger", "events"),
    *("fit", "engagement", "axis_grades", "fit_unknown", "engagement_unknown", "propensity"),
    *("recommended_since", "below_since"),
)
RESULT_MEMBERS = (
    *(output for output in WRITE_BACK_OUTPUTS if output not in OPTIONAL_MEMBERS),
    *("line", "criteria", "ledger", "ignored"),
)

# What the rejects of a list hold: where the value stands (each engine says which of the first three it knows), the
# column, the value and the reason. The same for a file, a folder and a table.
REJECT_COLUMNS = (
    Column("file", "text", "the file of the list, where it has several"),
    Column("row", "integer", "the place in the file, from 1"),
    Column("id", "text", "the id of the lead; in a database the key of the row"),
    Column("column", "text", "the column that can't be read; empty where the whole row can't"),
    Column("value", "text", "the value as it stands there"),
    Column("reason", "text", "why, and what would be right"),
)
REJECT_PLACES = ("file", "row", "id")


def list_reject_columns(places: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns of rejects of an engine that says where a value stands by `places`, of REJECT_PLACES."""
    return tuple(column for column in REJECT_COLUMNS if column.name in places or column.name not in REJECT_PLACES)


def list_score_columns(sale: bool, axes: bool, explores: bool = False, remembers: bool = False) -> tuple[Column, ...]:
    """The columns that every score has.

    `explores`: also those of a card with a stage that explores, `axes`: of one with axes, `sale`: of a release with
    steps, `remembers`: of a card whose advice depends on the last one.
    """
    return (
        *SCORE_COLUMNS,
        *(PROPENSITY_COLUMNS if explores else ()),
        *(AXIS_COLUMNS if axes else ()),
        *(SALE_COLUMNS if sale else ()),
        *(ADVICE_COLUMNS if remembers else ()),
    )


def list_names(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """The names of some columns."""
    return tuple(column.name for column in columns)

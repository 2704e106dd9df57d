"""What a printed SELECT scores, what it brings back, and the names of the columns that say so of a whole lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from leadledger.scoring import tree

# Columns made on the way, of the lead as a whole; `checks` brings them back. Points are whole tenths.
TOTAL = "ll:total"
LOW, HIGH = "ll:low", "ll:high"  # the range of the total that answers to open questions could still reach
BAD = "ll:bad"  # whether a value is there that can't be read
EXCLUDED = "ll:out"
DRAW_KEY = "ll:draw_key"  # of the lead's id, by which leads are drawn
SALE = "ll:sale"  # the chance of one, 0..1
STANDS_AT, GOES_TO = "ll:stands", "ll:to"  # stages

# Of a card that remembers: the verdict by the lead alone, the stage that it is about, the last verdict and since when,
# where these count; the first look below the band; the verdict that a band leaves; whether the lead cools down; the
# verdict.
PLAIN, ABOUT, LAST_VERDICT, LAST_SINCE = "ll:plain", "ll:about", "ll:last", "ll:since"
BELOW_SINCE, HELD, COOLS, ADVISED = "ll:below", "ll:held", "ll:cools", "ll:advised"

# Of a rule for each event: what it earns without limits, what these take, and how many events that are.
ENTRY_PARTS = ("full", "once", "per_day", "events")


def name_counted(name: str) -> str:
    """The column of the source with what was counted under a name of `Card.count_names`."""
    return f"n:{name}"


def name_part(part: str, rule: str) -> str:
    """The column of the source with a part of what a rule for each event comes to, such as `full`."""
    return name_counted(f"{part}:{rule}")


@dataclass(frozen=True)
class Query:
    """What to score, and what to bring back.

    `source` is a FROM item, already quoted: a table, or a sub-select in brackets. It may be a join, which is how a list
    is joined with something else before its values are cleaned: `(SELECT leads.*, … FROM leads LEFT JOIN …)`, with the
    columns that it adds among `columns`.

    `columns` maps its column names to their SQL types; None: each field of the card is a column of its own name and
    kind. `as_of` is the day of scoring, or the name of a date field that holds a day for each row. `keep` are columns
    to bring along, of the source or made on the way. `ledger` brings every entry, `checks` the criteria, the range, the
    stages, and whether a value can't be read (the outputs are NULL then), `fields` the typed values, `plus_minus` the
    standard error of the points, `sale` the columns SALE_COLUMNS of `scoring/outputs.py`, for a release with steps,
    `explain` the columns REASON_COLUMNS: the three entries that gained most and the three that lost most, in words
    (NULL: there are fewer). `names` renames outputs. `where` leaves out the leads for which it isn't true, but not
    those with a value that can't be read. `counted`: the source has what the events of each lead come to, as
    `joined_events.py` joins it, for `ledger` and `explain` with the entries, or with `as_of` a field as
    `training/landmark_counts.py` does, as of the day of each row; without it a card with events isn't scored.
    `remember` False: the recommendation is that of the lead alone, whatever was recommended before.
    """

    as_of: date | str
    source: str = "leads"
    columns: Mapping[str, str] | None = None
    keep: Sequence[str] = ()
    ledger: bool = False
    checks: bool = False
    fields: bool = False
    plus_minus: bool = False
    sale: bool = False
    explain: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    where: tree.Node | None = None
    counted: bool = False
    remember: bool = True

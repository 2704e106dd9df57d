"""What was counted, joined to the leads: the FROM item of a SELECT that scores them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from leadledger.scoring.event_value import WAYS_FROM_ZERO
from leadledger.scoring.printers.sql.cleaning import TYPE_OF_KIND
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.event_members import LEAD_KEY, print_lead_key
from leadledger.scoring.printers.sql.event_table import list_counted
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, write
from leadledger.scoring.printers.sql.query import name_counted
from leadledger.scoring.scorecard import Card


def join_counted(
    card: Card,
    leads: str,
    id_column: tuple[str, str],
    counted: str,
    dialect: Dialect,
    *,
    entries: bool = False,
    everything: bool = False,
) -> str:
    """Leads with what their events come to, as a FROM item; a lead without events has what none come to.

    `leads` and `counted` are FROM items, the second a SELECT of `print_counted` in brackets, or a table made of it;
    `id_column` is the column with the ids of the leads, and its type. `entries` as in `list_counted`;
    `everything`: all that it has.
    """
    name, (column, kind) = dialect.name, id_column
    values = {name_counted(field.name): field.event_value for field in card.event_fields}
    wished = dict.fromkeys(("entries", "totals", "machines"), everything) | {"entries": entries or everything}
    selected = ["l.*"]
    for counted_column, sql_type in list_counted(card, **wished).items():
        value = values.get(counted_column)
        sql = f"c.{name(counted_column)}"
        if value is None or value.way in WAYS_FROM_ZERO:
            zero = dialect.number(0.0) if sql_type == "DOUBLE" else "0"
            sql = f"coalesce({sql}, {zero})"
        selected.append(f"{sql} AS {name(counted_column)}")
    key = print_lead_key(Expression(f"l.{name(column)}"), kind, dialect).sql
    return (
        f"(SELECT {', '.join(selected)} FROM (SELECT * FROM {leads}) AS l"
        f" LEFT JOIN {counted} AS c ON {key} = c.{name(LEAD_KEY)}) AS leads"
    )


def print_counted_fields(card: Card, as_of: date | str, dialect: Dialect) -> Iterator[StepColumn]:
    """The event fields of joined leads, over their typed fields; NULL where tracking began too late for the window.

    Where each row has a day of its own, a field `as_of`, the counts are NULL there already: whoever counted them knew.
    """
    for field in card.event_fields:
        value, counted = field.event_value, name_counted(field.name)
        assert value is not None
        amount = Expression(dialect.name(counted), frozenset((counted,)))
        since = card.events[card.events[value.kind].root].tracked_since
        if since is None or value.way == "last" or isinstance(as_of, str):
            yield StepColumn(f"f:{field.name}", amount)
            continue
        first = 0 if value.window is None else as_of.toordinal() - value.window + 1  # of the window
        if first < 1 or (isinstance(since, date) and since.toordinal() > first):
            amount = Expression(f"CAST(NULL AS {dialect.types[TYPE_OF_KIND[field.kind]]})")
        elif isinstance(since, str):
            tracked = Expression(dialect.name(f"f:{since}"), frozenset((f"f:{since}",)))
            start = dialect.date(date.fromordinal(first).isoformat())
            amount = write("CASE WHEN {} <= {} THEN {} END", tracked, start, amount)
        yield StepColumn(f"f:{field.name}", amount)

"""Reads the stored events of leads, under all of their ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, Connection, Engine, bindparam, delete, func, select

from leadledger.api.log import tables
from leadledger.api.log.event_rows import EventRow, JoinRow
from leadledger.api.log.lead_ids import clean_id, find_ids
from leadledger.scoring.lead_ids import find_id_key, list_spellings

IDS_PER_QUERY = 500
ROWS_PER_FETCH = 1000

# Made once: to make a query takes as long as to run it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_FIRST = select(func.min(tables.events.c.received))
_EVENTS_OF = select(*[tables.events.c[name] for name in EventRow._fields]).where(tables.events.c.lead.in_(_IDS))
_ALL_EVENTS = select(*[tables.events.c[name] for name in EventRow._fields]).order_by(tables.events.c.number)
_ALL_JOINS = select(*[tables.joins.c[name] for name in JoinRow._fields])
_JOINS_OF = select(*[tables.joins.c[name] for name in JoinRow._fields]).where(
    tables.joins.c.lead.in_(_IDS) | ((tables.joins.c.verb == "alias") & tables.joins.c.other.in_(_IDS))
)


@dataclass(frozen=True)
class StoredEvents:
    """The events of some leads. `first` is when the first event of all was received; empty: none is stored.

    `by_lead` has the events by the key of a lead's id; `received` of each is when it was known to be one of the lead.
    """

    first: str = ""
    by_lead: Mapping[str, Sequence[EventRow]] = field(default_factory=dict)

    def of(self, lead: str) -> Sequence[EventRow]:
        """The events of a lead; none where it has none."""
        return self.by_lead.get(find_id_key(clean_id(lead)), ())


class EventStore:
    """The events and joins of a log. Raises SQLAlchemyError where the database fails."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def read_all(self) -> Iterator[EventRow]:
        """All events, each under the id with which it came, and once more for each lead that joins give it to."""
        with self.engine.connect().execution_options(yield_per=ROWS_PER_FETCH) as connection:
            joins = [JoinRow._make(row) for row in connection.execute(_ALL_JOINS)]
            leads = _list_leads(joins)
            for row in map(EventRow._make, connection.execute(_ALL_EVENTS)):
                yield row
                for lead, since in leads.get(find_id_key(row.lead), ()):
                    yield _postpone(row, since)._replace(lead=lead)

    def read(self, leads: Sequence[str]) -> StoredEvents:
        """The events of some leads."""
        with self.engine.connect() as connection:
            first = connection.execute(_FIRST).scalar()
            if first is None:
                return StoredEvents()
            ids = find_ids(map(clean_id, leads), lambda keys: _fetch_joins(connection, keys))
            events: dict[str, list[EventRow]] = defaultdict(list)
            for row in _fetch_events(connection, list(dict.fromkeys(key for keys in ids.values() for key in keys))):
                events[find_id_key(row.lead)].append(row)
        by_lead = {
            lead: [_postpone(row, since) for key, since in known.items() for row in events.get(key, ())]
            for lead, known in ids.items()
        }
        return StoredEvents(first, by_lead)


def _list_leads(joins: Sequence[JoinRow]) -> dict[str, list[tuple[str, str]]]:
    """For each id the leads that it is one of by joins, other than itself, with the time from which that was known."""
    by_id: dict[str, list[JoinRow]] = defaultdict(list)
    for join in joins:
        by_id[find_id_key(join.lead)].append(join)
        if join.verb == "alias":
            by_id[find_id_key(join.other)].append(join)
    ids = find_ids(by_id, lambda keys: [join for key in keys for join in by_id.get(key, ())])
    leads: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for lead, known in ids.items():
        for other, since in known.items():
            if other != lead:
                leads[other].append((lead, since))
    return leads


def list_ids(connection: Connection, lead: str) -> list[str]:
    """All spellings of all ids of a lead."""
    key = find_id_key(clean_id(lead))
    return _spell(list(find_ids([key], lambda keys: _fetch_joins(connection, keys))[key]))


def erase_events(connection: Connection, ids: Sequence[str]) -> int:
    """Delete the events under some ids, and their joins. Returns the number of events."""
    events, joins = tables.events, tables.joins
    count = 0
    for start in range(0, len(ids), IDS_PER_QUERY):
        part = ids[start : start + IDS_PER_QUERY]
        count += connection.execute(delete(events).where(events.c.lead.in_(part))).rowcount
        connection.execute(delete(joins).where(joins.c.lead.in_(part) | joins.c.other.in_(part)))
    return count


def _postpone(row: EventRow, since: str) -> EventRow:
    """An event, received no sooner than it was known whose it is."""
    return row._replace(received=since) if since > row.received else row


def _spell(keys: Sequence[str]) -> list[str]:
    return [spelling for key in keys for spelling in list_spellings(key)]


def _fetch_joins(connection: Connection, keys: Sequence[str]) -> Iterator[JoinRow]:
    """The joins that lead from some ids to others: those of theirs, and aliases of which they are the other."""
    ids = _spell(keys)
    for start in range(0, len(ids), IDS_PER_QUERY):
        yield from map(JoinRow._make, connection.execute(_JOINS_OF, {"ids": ids[start : start + IDS_PER_QUERY]}))


def _fetch_events(connection: Connection, keys: Sequence[str]) -> Iterator[EventRow]:
    ids = _spell(keys)
    for start in range(0, len(ids), IDS_PER_QUERY):
        rows = connection.execute(_EVENTS_OF, {"ids": ids[start : start + IDS_PER_QUERY]})
        yield from map(EventRow._make, rows.fetchall())  # all at once: in half the time of one after the other

"""Decision logs for the tests: scores and outcomes of chosen days, as the service writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from leadledger.api.log import database, tables
from leadledger.api.log.store import LogStore
from tests import log_tables

DATABASES = ["sqlite", "postgresql"]
# Ids in the order in which scores are made: those of the service differ by chance within a millisecond.
_NUMBERS = count()
MORNING = "T10:00:00.000000Z"


@contextmanager
def database_of(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database of a kind; that of PostgreSQL has the tables of a log."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/log.sqlite3"
    else:
        with log_tables.lent_database() as url:
            yield url


@contextmanager
def opened(url: str) -> Iterator[LogStore]:
    """The log at a URL, emptied."""
    engine = database.open_database(url, Path())
    try:
        with engine.begin() as connection:
            for table in tables.metadata.sorted_tables:
                connection.execute(table.delete())
        yield LogStore(engine)
    finally:
        engine.dispose()


def fill(log: LogStore, scores: Sequence[Mapping[str, Any]] = (), outcomes: Sequence[Mapping[str, Any]] = ()) -> None:
    """Write rows of the two tables."""
    with log.engine.begin() as connection:
        for table, rows in ((tables.scores, scores), (tables.outcomes, outcomes)):
            if rows:
                connection.execute(table.insert(), [dict(row) for row in rows])


def score(
    lead: str | None, as_of: str, values: Mapping[str, Any] | None, at: str = "", card: str = "small-crm"
) -> dict[str, Any]:
    """A score; its points don't matter here. `at`: the day of its answer; `values`: None if it is forgotten."""
    known = None if values is None else json.dumps({"values": values, "ignored": []})
    points = {"tenths": 500, "score": 50, "probability": None, "grade": "B", "recommendation": "keep"}
    from_ = {"card": card, "card_digest": "0" * 64, "release": "", "as_of": as_of, "key": ""}
    return {
        "id": f"{next(_NUMBERS):026}",
        "at": (at or as_of) + MORNING,
        "lead": lead,
        **from_,
        **points,
        "input": known,
        "result": "{}",
    }


def outcome(lead: str | None, became: str, on: str) -> dict[str, Any]:
    """What became of a lead, reported on that day."""
    return {"lead": lead, "became": became, "on": on, "at": on + MORNING, "key": ""}

"""What each engine that scores lists can do, as data: what it lacks of `Wanted`, its own settings, its columns.

One function refuses what an engine lacks, so that nothing that is wanted is silently ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from leadledger.api.lists.wanted import Wanted
from leadledger.scoring import outputs
from leadledger.scoring.errors import DataError
from leadledger.scoring.scorecard import Scorecard


@dataclass(frozen=True)
class ListEngine:
    """An engine that scores lists.

    `lacks` maps the members of `Wanted` that it can't do to the rest of the message that refuses them, which starts
    with their name. `takes` are its own settings, `needs` those that must be given. `explains` are the columns that
    `explain` adds. `reject_places`, of `outputs.REJECT_PLACES`, are the columns of its rejects that say where a value
    stands.
    """

    lacks: Mapping[str, str] = field(default_factory=dict)
    takes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    explains: tuple[outputs.Column, ...] = (outputs.PLUS_MINUS, *outputs.REASON_COLUMNS)
    reject_places: tuple[str, ...] = ()

    def columns(self, card: Scorecard, explain: bool) -> tuple[outputs.Column, ...]:
        """The columns that a scorecard adds to a list by it."""
        return (*card.score_columns, *(self.explains if explain else ()))

    @property
    def reject_columns(self) -> tuple[outputs.Column, ...]:
        """The columns of its rejects: where a value stands, then the same for every engine."""
        return outputs.list_reject_columns(self.reject_places)


ENGINES = {
    "duckdb": ListEngine(
        lacks={"events_table": "is for tables in PostgreSQL; name the file of the events by --events"},
        takes=("out",),
        needs=("out",),
        explains=(outputs.PLUS_MINUS, *outputs.REASON_COLUMNS, outputs.QUESTIONS),
        reject_places=("row",),
    ),
    "postgres": ListEngine(
        lacks={
            "prefix": "is for files; in PostgreSQL the scores get a table of their own",
            "only": "is for files; in PostgreSQL choose from the table of scores by its column recommendation",
            "top": "is for files; in PostgreSQL sort the table of scores by its column points",
            "best_first": "is for files; in PostgreSQL sort the table of scores by its column points",
            "columns": "is for files; in PostgreSQL select from the table of scores",
            "guard_formulas": "is for files; a table holds no formulas",
            "events": "is for lists in files; in PostgreSQL name the table of the events by --events-table",
            "rejects": "is for files; in PostgreSQL they go to a table beside that of the scores, named <into>_rejects",
            "log": "is for lists in files; score a table that is to be logged as a list: export it to a file first",
        },
        takes=("table", "into", "key"),
        needs=("table", "into"),
        reject_places=("id",),
    ),
    "spark": ListEngine(
        lacks={
            "top": "is not for --engine spark, which writes all rows, in no order",
            "best_first": "is not for --engine spark, which writes all rows, in no order",
            "guard_formulas": "is not for --engine spark; score with DuckDB",
            "events_table": "is for tables in PostgreSQL; name the files of the events by --events",
            "log": "is not for --engine spark, which writes from several machines at once; score with DuckDB",
        },
        takes=("out", "master"),
        needs=("out",),
        reject_places=("file", "row", "id"),
    ),
}
_NOTHING_WANTED = Wanted()


def find_unsupported(engine: ListEngine, wanted: Wanted) -> tuple[str, str] | None:
    """The first member of `Wanted` that is set and that the engine lacks, with the rest of the message; None: none.

    On the command line the member `best_first` is the option `--best-first`.
    """
    for member in fields(Wanted):
        if member.name in engine.lacks and getattr(wanted, member.name) != getattr(_NOTHING_WANTED, member.name):
            return member.name, engine.lacks[member.name]
    return None


def refuse_unsupported(engine: ListEngine, wanted: Wanted) -> None:
    """Raises DataError where the engine lacks something of `wanted`; the message says what to do instead."""
    unsupported = find_unsupported(engine, wanted)
    if unsupported is not None:
        raise DataError(" ".join(unsupported))

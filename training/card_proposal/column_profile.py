"""What stands in a column of a list: how many of its rows are filled, with which texts, and which words for nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.text_forms import NOTHING_WORDS, key_of
from leadledger.training.sources.table import LeadTable

MOST_VALUES_LOOKED_AT = 100_000  # different texts of a column, the most frequent first
# What people and forms write where nothing is known, and no other system does: a card must list them.
OTHER_NOTHING_WORDS = frozenset(
    {
        *("select", "please select", "--select--", "-select-", "select...", "- none -", "-none-", "--", "choose one"),
        *("please choose", "not known", "n.k.", "nk", "tbd", "t.b.d.", "to be determined", "no answer", "not stated"),
        *("prefer not to say", "ukjent", "unbekannt", "keine angabe", "k.a.", "k. a.", "inconnu", "desconocido"),
        *("na", "#null!", "#ref!", "#value!", "#div/0!", "#name?", "missing", "no data", "<blank>", "[blank]"),
    }
)


@dataclass(frozen=True)
class ColumnProfile:
    """A column: its name, its place from 0, its SQL type, and the rows of its list.

    `filled` rows have a value; `different` is how many different ones. `values` are the texts and their rows, the most
    frequent first; `is_whole` says whether all of them are there. `nothing` are the words for nothing, folded, with
    their rows.
    """

    name: str
    place: int
    type: str
    rows: int
    filled: int
    different: int
    values: Mapping[str, int]
    nothing: Mapping[str, int]

    @property
    def is_whole(self) -> bool:
        """Whether every different text was looked at."""
        return len(self.values) >= self.different

    @property
    def other_nothing(self) -> tuple[str, ...]:
        """The words for nothing that a card must list, folded."""
        return tuple(word for word in self.nothing if word not in NOTHING_WORDS and word)

    @property
    def evidence(self) -> str:
        """How full the column is, for people: `1,204 of 1,500 rows`."""
        if self.rows == 1:
            return "the only row" if self.filled else "not the only row"
        return f"{'all' if self.filled == self.rows else f'{self.filled:,} of'} {self.rows:,} rows"


def print_filled(column: str) -> str:
    """The condition in SQL under which a row has a value in a column, and no common word for nothing."""
    return f"trim(coalesce(CAST({quoted(column)} AS VARCHAR), '')) NOT IN ('', 'NULL', 'null', 'N/A', 'NaN', '-')"


def read_profiles(connection: duckdb.DuckDBPyConnection, leads: LeadTable) -> Iterator[ColumnProfile]:
    """The profile of each column of a list, in their order. Every row counts.

    Of a column with too many different texts, those that are equally frequent are chosen by their hash: the first ones
    of the alphabet alone would hide how others are written.
    """
    for place, (name, kind) in enumerate(leads.columns.items()):
        text = f"CAST({quoted(name)} AS VARCHAR)"
        counts = connection.execute(
            f"SELECT {text} AS text, count(*) AS rows FROM {leads.table} WHERE {text} IS NOT NULL"
            f" GROUP BY 1 ORDER BY 2 DESC, hash({text}) LIMIT {MOST_VALUES_LOOKED_AT}"
        ).fetchall()
        different = len(counts)
        if different == MOST_VALUES_LOOKED_AT:
            ((different,),) = connection.execute(f"SELECT count(DISTINCT {text}) FROM {leads.table}").fetchall()
        values: dict[str, int] = {}
        nothing: dict[str, int] = {}
        for raw, rows in sorted(counts, key=lambda count: (-count[1], count[0])):
            key = key_of(raw)
            if not key or key in NOTHING_WORDS or key in OTHER_NOTHING_WORDS:
                nothing[key] = nothing.get(key, 0) + rows
                different -= 1
            else:
                values[raw] = rows
        ((present,),) = connection.execute(f"SELECT count({quoted(name)}) FROM {leads.table}").fetchall()
        yield ColumnProfile(name, place, kind, leads.rows, present - sum(nothing.values()), different, values, nothing)

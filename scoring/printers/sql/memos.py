"""Work that is done once for values that come again and again: a memo for each of some columns, which the rows look up.

Most columns of a list hold few different values. What a SELECT makes of one column alone, its *solo* columns, is worked
out once for each of those. A table of one row holds lists: by the hash of a value its place, by its place the value
itself, which must be that of the row, and each solo column. Of two values that want one place the rarer has none. A
join would do the same, but where there is a join DuckDB gives up the order of rows, or all threads but one.

A value that isn't in the memo is worked out where it is met: there the steps read `new:…`, which is NULL in all other
rows; where a whole vector of rows has been looked up, that is a constant, and the steps on it cost next to nothing.

The steps are split by the names of the columns that they ask, so that a memo holds what the steps themselves make.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.steps import Step, asked, name_of

VALUE, ROWS = "value", "ll:rows"  # columns of a memo, beside what was made of the value: how many rows have it
TABLE = "ll_memos"  # one row, which holds all lists
MOST = 65_535  # values in a memo, the most that a USMALLINT can number
# How many hashes are told apart, for some values: so many that few of them meet, so few that the list is short, which
# DuckDB copies for each vector of rows.
_MASK = "CASE WHEN count(*) <= 100 THEN 4095 WHEN count(*) <= 1000 THEN 32767 ELSE 65535 END"
_NAMES = re.compile(r"""'(?:[^']|'')*'|("(?:[^"]|"")*")""")  # a literal may hold what looks like a name


@dataclass(frozen=True)
class Split:
    """The steps of a SELECT, split: those that rest on one column with a memo or on none, and the others.

    `wanted` are the quoted columns of the former that the latter, or the end, ask for, by the column with the memo.
    """

    solo: list[Step]
    rest: list[Step]
    wanted: Mapping[str, list[str]]

    def of(self, column: str) -> list[Step]:
        """The solo steps of one column."""
        origins = rests(self.solo)
        own = [
            replace(one, added=[line for line in one.added if origins[name_of(line)] <= {new(column)}])
            for one in self.solo
        ]
        return [one for one in own if one.added]

    def main(self) -> list[Step]:
        """All steps, the solo ones for values that are new."""
        origins = rests(self.solo)
        solo = [
            replace(
                one,
                label=f"new_{one.label}",
                why=f"of new values: {one.why}",
                added=[_unless_known(line, origins[name_of(line)]) for line in one.added],
            )
            for one in self.solo
        ]
        merged = [
            f"CASE WHEN {_at(column)} IS NULL THEN {one} ELSE {_memo(one)} END AS {one}"
            for column, wanted in self.wanted.items()
            for one in wanted
        ]
        looked_up = [Step("looked_up", "of all values, new or not", [], instead=merged)] if merged else []
        return [*solo, *looked_up, *self.rest]

    def source(self, source: str, columns: Iterable[str]) -> str:
        """The FROM item: each row of the source with what the memos of some columns know of it."""
        places, there, known = [], [], []
        for column in columns:
            raw, at, place = quoted(column), quoted(f"at:{column}"), quoted(f"place:{column}")
            bucket = f"CAST(hash({raw}) & {quoted(f'mask:{column}')} AS BIGINT) + 1"
            places.append(f"CAST({quoted(f'places:{column}')}[{bucket}] AS BIGINT) AS {place}")
            same = f"{quoted(f'values:{column}')}[{place}] IS NOT DISTINCT FROM {raw}"
            there.append(f"CASE WHEN {same} THEN {place} END AS {at}")
            known.append(f"CASE WHEN {at} IS NULL THEN {raw} END AS {new(column)}")
            known += [f"{_list(one)}[{at}] AS {_memo(one)}" for one in self.wanted[column]]
        placed = f"(SELECT *, {', '.join(places)} FROM {source}, {TABLE})"
        return f"(SELECT *, {', '.join(known)} FROM (SELECT *, {', '.join(there)} FROM {placed}))"


def filling(memos: Iterable[tuple[str, str, str, Sequence[str]]]) -> list[str]:
    """The statements that fill memos: of each its column, its table, the SELECT of its values, what it remembers."""
    statements, lists = [], []
    place = quoted("place")
    for column, table, body, wanted in memos:
        ordered = f"SELECT row_number() OVER (ORDER BY {quoted(ROWS)} DESC) AS {place}, * FROM ({body}) LIMIT {MOST}"
        statements.append(f"CREATE OR REPLACE TEMP TABLE {table} AS {ordered}")
        mask = f"(SELECT {_MASK} AS mask FROM {table})"
        bucket = f"hash({quoted(VALUE)}) & CAST(mask AS UBIGINT) AS bucket"
        taken = f"SELECT {bucket}, min({place}) AS {place} FROM {table}, {mask} GROUP BY 1"
        places = f"list(CAST({place} AS USMALLINT) ORDER BY bucket) AS {quoted(f'places:{column}')}"
        buckets = f"SELECT mask, unnest(range(mask + 1)) AS bucket FROM {mask}"
        masked = f"CAST(any_value(mask) AS UBIGINT) AS {quoted(f'mask:{column}')}"
        lists.append(f"(SELECT {masked}, {places} FROM ({buckets}) LEFT JOIN ({taken}) USING (bucket))")
        columns = [f"{quoted(VALUE)} ORDER BY {place}) AS {quoted(f'values:{column}')}"]
        columns += [f"{one} ORDER BY {place}) AS {_list(one)}" for one in wanted]
        lists.append(f"(SELECT {', '.join(f'list({one}' for one in columns)} FROM {table})")
    if lists:
        statements.append(f"CREATE OR REPLACE TEMP TABLE {TABLE} AS FROM {', '.join(lists)}")
    return statements


def new(column: str) -> str:
    """The quoted name of the values of a column that are not in its memo."""
    return quoted(f"new:{column}")


def bad(column: str) -> str:
    """The quoted name of the column that says whether a value can't be read, which none in a memo is."""
    return quoted(f"bad:{column}")


def split(steps: Sequence[Step], columns: Sequence[str], memos: Iterable[str]) -> Split:
    """The steps by the columns that have memos, and the others; `columns` are asked of the last step."""
    steps = asked(steps, columns)
    raws = {new(column): column for column in memos}
    origins = rests(steps)
    solo, rest = [], []
    for step in steps:
        own = [line for line in step.added if len(on := origins[name_of(line)]) <= 1 and on <= raws.keys()]
        left = [line for line in step.added if line not in own]
        solo += [Step(step.label, step.why, own)] if own else []
        rest += [replace(step, added=left)] if left or step.where else []
    names = names_in([*columns, *(part for step in rest for part in step.asks)])
    wanted: dict[str, list[str]] = {column: [] for column in raws.values()}
    for one, on in origins.items():
        if len(on) == 1 and (column := raws.get(next(iter(on)))) is not None and one in names and one != bad(column):
            wanted[column].append(one)
    return Split(solo, rest, wanted)


def rests(steps: Iterable[Step]) -> dict[str, frozenset[str]]:
    """The columns of the source that each column of the steps rests on, by their quoted names."""
    found: dict[str, frozenset[str]] = {}
    for step in steps:
        for line in step.added:
            of = name_of(line)
            found[of] = origin(line.removesuffix(f" AS {of}"), found)
    return found


def origin(expression: str, found: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The columns of the source that an expression rests on, given those of the columns that it asks."""
    return frozenset().union(*(found.get(one, (one,)) for one in names_in([expression])))


def names_in(expressions: Iterable[str]) -> set[str]:
    """The quoted names in some expressions."""
    return {one for text in expressions for one in _NAMES.findall(text) if one}


def _unless_known(line: str, on: frozenset[str]) -> str:
    """A column of a step, worked out for new values only."""
    of = name_of(line)
    expression = line.removesuffix(f" AS {of}")
    if not on or _NAMES.fullmatch(expression):
        return line
    (raw,) = on
    return f"CASE WHEN {raw.replace('new:', 'at:', 1)} IS NULL THEN {expression} END AS {of}"


def _at(column: str) -> str:
    """The quoted name of the column that says where in its memo a value is; NULL: it isn't there."""
    return quoted(f"at:{column}")


def _list(quoted: str) -> str:
    """The quoted name of the list of what a solo column holds, by the places of the values."""
    return f'"list:{quoted[1:]}'


def _memo(quoted: str) -> str:
    """The quoted name of what a memo knows of a solo column."""
    return f'"memo:{quoted[1:]}'

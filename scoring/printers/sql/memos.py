"""Work that is done once for values that come again and again: a memo for each of some columns, which the rows look up.

Most columns of a list hold few different values. What a SELECT makes of one column alone, its *solo* columns, is worked
out once for each of those. A table of one row holds lists: by the hash of a value its place, by its place the value
itself, which must be that of the row, and each solo column. Of two values that want one place the rarer has none. A
join would do the same, but where there is a join DuckDB gives up the order of rows, or all threads but one.

A value that isn't in the memo is worked out where it is met: there the steps read `new:…`, which is NULL in all other
rows; where a whole vector of rows has been looked up, that is a constant, and the steps on it cost next to nothing.

The steps are split by the columns that they read, so that a memo holds what the steps themselves make.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, column_reader, reads_of, write
from leadledger.scoring.printers.sql.steps import Step, drop_unread

VALUE, ROWS = "value", "ll:rows"  # columns of a memo, beside what was made of the value: how many rows have it
MEMO_TABLE = "ll_memos"  # one row, which holds all lists
MOST_VALUES_IN_MEMO = 65_535  # the most that a USMALLINT can number
# How many hashes a list distinguishes, for some values: so many that few of them meet, so few that the list is short,
# since DuckDB copies it for each vector of rows.
_MASK = "CASE WHEN count(*) <= 100 THEN 4095 WHEN count(*) <= 1000 THEN 32767 ELSE 65535 END"

_read_column = column_reader(quoted)


@dataclass(frozen=True)
class Memo:
    """What fills the memo of a column: its table, the SELECT of its values, and the columns that it remembers."""

    column: str
    table: str
    select: str
    remembered: Sequence[str]


@dataclass(frozen=True)
class SplitSteps:
    """The steps of a SELECT, split: those that rest on one column with a memo or on none, and the others.

    `remembered` are the columns of the former that the latter, or the end, read, by the column with the memo.
    """

    solo: list[Step]
    rest: list[Step]
    remembered: Mapping[str, list[str]]

    def steps_of(self, column: str) -> list[Step]:
        """The solo steps of one column."""
        origins = origins_of(self.solo)
        own = [
            replace(step, added=[added for added in step.added if origins[added.name] <= {new(column)}])
            for step in self.solo
        ]
        return [step for step in own if step.added]

    def main_steps(self) -> list[Step]:
        """All steps, the solo ones for values that are new."""
        origins = origins_of(self.solo)
        memos = {new(column): column for column in self.remembered}
        solo = [
            replace(
                step,
                label=f"new_{step.label}",
                why=f"of new values: {step.why}",
                added=[_unless_known(added, [memos[name] for name in origins[added.name]]) for added in step.added],
            )
            for step in self.solo
        ]
        merged = [
            StepColumn(
                name,
                write(
                    "CASE WHEN {} IS NULL THEN {} ELSE {} END",
                    _read_column(_at(column)),
                    _read_column(name),
                    _read_column(_memo(name)),
                ),
            )
            for column, names in self.remembered.items()
            for name in names
        ]
        looked_up = [Step("looked_up", "of all values, new or not", [], instead=merged)] if merged else []
        return [*solo, *looked_up, *self.rest]

    def source(self, source: str, columns: Iterable[str]) -> str:
        """The FROM item: each row of the source with what the memos of some columns know of it."""
        places, matches, known = [], [], []
        for column in columns:
            raw, at, place = quoted(column), quoted(_at(column)), quoted(f"place:{column}")
            bucket = f"CAST(hash({raw}) & {quoted(f'mask:{column}')} AS BIGINT) + 1"
            places.append(f"CAST({quoted(f'places:{column}')}[{bucket}] AS BIGINT) AS {place}")
            same = f"{quoted(f'values:{column}')}[{place}] IS NOT DISTINCT FROM {raw}"
            matches.append(f"CASE WHEN {same} THEN {place} END AS {at}")
            known.append(f"CASE WHEN {at} IS NULL THEN {raw} END AS {quoted(new(column))}")
            known += [f"{quoted(_list(name))}[{at}] AS {quoted(_memo(name))}" for name in self.remembered[column]]
        placed = f"(SELECT *, {', '.join(places)} FROM {source}, {MEMO_TABLE})"
        return f"(SELECT *, {', '.join(known)} FROM (SELECT *, {', '.join(matches)} FROM {placed}))"


def fill_statements(memos: Iterable[Memo]) -> list[str]:
    """The statements that make and fill memos."""
    statements, lists = [], []
    place = quoted("place")
    for memo in memos:
        ordered = (
            f"SELECT row_number() OVER (ORDER BY {quoted(ROWS)} DESC) AS {place}, * FROM ({memo.select})"
            f" LIMIT {MOST_VALUES_IN_MEMO}"
        )
        statements.append(f"CREATE OR REPLACE TEMP TABLE {memo.table} AS {ordered}")
        mask = f"(SELECT {_MASK} AS mask FROM {memo.table})"
        bucket = f"hash({quoted(VALUE)}) & CAST(mask AS UBIGINT) AS bucket"
        taken = f"SELECT {bucket}, min({place}) AS {place} FROM {memo.table}, {mask} GROUP BY 1"
        places = f"list(CAST({place} AS USMALLINT) ORDER BY bucket) AS {quoted(f'places:{memo.column}')}"
        buckets = f"SELECT mask, unnest(range(mask + 1)) AS bucket FROM {mask}"
        masked = f"CAST(any_value(mask) AS UBIGINT) AS {quoted(f'mask:{memo.column}')}"
        lists.append(f"(SELECT {masked}, {places} FROM ({buckets}) LEFT JOIN ({taken}) USING (bucket))")
        columns = [f"{quoted(VALUE)} ORDER BY {place}) AS {quoted(f'values:{memo.column}')}"]
        columns += [f"{quoted(name)} ORDER BY {place}) AS {quoted(_list(name))}" for name in memo.remembered]
        lists.append(f"(SELECT {', '.join(f'list({column}' for column in columns)} FROM {memo.table})")
    if lists:
        statements.append(f"CREATE OR REPLACE TEMP TABLE {MEMO_TABLE} AS FROM {', '.join(lists)}")
    return statements


def new(column: str) -> str:
    """The name of the values of a column that are not in its memo."""
    return f"new:{column}"


def split_steps(steps: Sequence[Step], columns: Sequence[StepColumn], memos: Iterable[str]) -> SplitSteps:
    """The steps by the columns that have memos, and the others; `columns` are read from the last step."""
    read_last = reads_of(column.expression for column in columns)
    steps = drop_unread(steps, read_last)
    with_memo = {new(column): column for column in memos}
    origins = origins_of(steps)
    solo, rest = [], []
    for step in steps:
        own = [added for added in step.added if len(on := origins[added.name]) <= 1 and on <= with_memo.keys()]
        left = [added for added in step.added if added not in own]
        solo += [Step(step.label, step.why, own)] if own else []
        rest += [replace(step, added=left)] if left or step.where else []
    read = read_last.union(*[step.reads for step in rest])
    remembered: dict[str, list[str]] = {column: [] for column in with_memo.values()}
    for name, on in origins.items():
        # Whether a value can't be read is not remembered, for none of those is in a memo.
        if len(on) == 1 and (column := with_memo.get(next(iter(on)))) is not None and name != f"bad:{column}":
            remembered[column] += [name] if name in read else []
    return SplitSteps(solo, rest, remembered)


def origins_of(steps: Iterable[Step]) -> dict[str, frozenset[str]]:
    """The columns of the source that each column of the steps rests on."""
    origins: dict[str, frozenset[str]] = {}
    for step in steps:
        for added in step.added:
            origins[added.name] = origins_in(added.expression, origins)
    return origins


def origins_in(expression: Expression, origins: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The columns of the source that an expression rests on, given those of the columns that it reads."""
    return frozenset().union(*[origins.get(name, frozenset((name,))) for name in expression.reads])


def _unless_known(added: StepColumn, columns: Sequence[str]) -> StepColumn:
    """A solo column of one column (or none), worked out for new values only."""
    is_bare = any(added.expression.sql == quoted(name) for name in added.expression.reads)
    if not columns or is_bare:
        return added
    (column,) = columns
    new_only = write("CASE WHEN {} IS NULL THEN {} END", _read_column(_at(column)), added.expression)
    return StepColumn(added.name, new_only)


def _at(column: str) -> str:
    """The name of the column that says where in its memo a value is; NULL: it isn't there."""
    return f"at:{column}"


def _list(name: str) -> str:
    """The name of the list of what a solo column holds, by the places of the values."""
    return f"list:{name}"


def _memo(name: str) -> str:
    """The name of what a memo knows of a solo column."""
    return f"memo:{name}"

"""Work that is done once for values that come again and again: a memo for each of some columns, looked up by a join.

Most columns of a list hold few different values. What a SELECT makes of one column alone, its *solo* columns, is worked
out once for each of those, and the rows look it up. A value that isn't in the memo is worked out where it is met:
there the steps read `new:…`, which is NULL in all other rows; where a whole vector of rows has been looked up, that is
a constant, and the steps on it cost next to nothing.

The steps are split by the names of the columns that they ask, so that a memo holds what the steps themselves make.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scoring.printers.literals import name
from scoring.printers.steps import Step, asked, name_of

VALUE, KNOWN = "value", "known"  # the columns of a memo, beside what was made of the value
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
            f"CASE WHEN {known(column)} THEN {_memo(one)} ELSE {one} END AS {one}"
            for column, wanted in self.wanted.items()
            for one in wanted
        ]
        looked_up = [Step("looked_up", "of all values, new or not", [], instead=merged)] if merged else []
        return [*solo, *looked_up, *self.rest]

    def source(self, source: str, tables: Mapping[str, str]) -> str:
        """The FROM item: each row of the source with what the memos know of it."""
        columns, joins = [], []
        for i, (column, table) in enumerate(tables.items()):
            raw, there = f"s.{name(column)}", f"m{i}.{name(KNOWN)}"
            columns.append(f"{there} AS {known(column)}, CASE WHEN {there} THEN NULL ELSE {raw} END AS {new(column)}")
            columns += [f"m{i}.{one} AS {_memo(one)}" for one in self.wanted[column]]
            joins.append(f" LEFT JOIN {table} m{i} ON m{i}.{name(VALUE)} IS NOT DISTINCT FROM {raw}")
        return f"(SELECT s.*, {', '.join(columns)} FROM {source} s{''.join(joins)})"


def new(column: str) -> str:
    """The quoted name of the values of a column that are not in its memo."""
    return name(f"new:{column}")


def known(column: str) -> str:
    """The quoted name of the column that says whether a value is in the memo."""
    return name(f"known:{column}")


def bad(column: str) -> str:
    """The quoted name of the column that says whether a value can't be read, which none in a memo is."""
    return name(f"bad:{column}")


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
    return f"CASE WHEN {raw.replace('new:', 'known:', 1)} THEN NULL ELSE {expression} END AS {of}"


def _memo(quoted: str) -> str:
    return f'"memo:{quoted[1:]}'

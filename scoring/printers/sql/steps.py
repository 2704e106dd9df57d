"""The steps of a SELECT as common table expressions, each from the one before, and what each takes over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from leadledger.scoring.printers.sql.dialects.dialect import Dialect

_NAMED = re.compile(r' AS ((["`])(?:(?!\2).|\2\2)*\2)$', re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A common table expression: the columns that it adds, `… AS "name"`, and which rows it keeps (empty: all).

    `instead` are columns that take the place of some before them, in engines where a step takes over all (`prunes`).
    """

    label: str
    why: str
    added: list[str]
    where: str = ""
    instead: Sequence[str] = ()

    @property
    def asks(self) -> list[str]:
        """The texts that name what it asks of the steps before."""
        return [*self.added, *self.instead, self.where]


def printed(steps: Sequence[Step], source: str, there: list[str], columns: Sequence[str], dialect: Dialect) -> str:
    """The whole SELECT of `columns` from the last step; the first reads `source`, which has the columns `there`.

    A step takes over all columns of the one before, or in an engine where that costs, those that are asked later on.
    """
    if not dialect.prunes:
        steps = asked(steps, columns)
    body = []
    for i, one in enumerate(steps):
        kept = [f"* REPLACE ({', '.join(one.instead)})" if one.instead else "*"]
        if not dialect.prunes:
            later = "\n".join([*(part for step in steps[i:] for part in step.asks), *columns])
            kept = [name for name in there if name in later]
            there = [*there, *map(name_of, one.added)]
        lines = ",\n".join(f"    {line}" for line in [*_lines(kept), *one.added])
        where = f"\n  WHERE {one.where}" if one.where else ""
        body.append(f"{one.label} AS ( -- {one.why}\n  SELECT\n{lines}\n  FROM {source}{where}{dialect.barrier}\n)")
        source = one.label
    selected = ",\n".join(f"  {one}" for one in columns)
    whole = ",\n".join(body)
    return f"WITH {whole}\nSELECT\n{selected}\nFROM {source}"


def asked(steps: Sequence[Step], columns: Sequence[str]) -> list[Step]:
    """The steps without columns that nobody asks for, later on or at the end.

    A column is asked by its quoted name. Where that stands in a literal, a column more is kept, which does no harm.
    """
    later = "\n".join(columns)
    found = []
    for one in reversed(steps):
        left = replace(one, added=[line for line in one.added if name_of(line) in later])
        if left.added or left.where or left.instead:
            found.append(left)
        later = "\n".join([later, *left.asks])
    return found[::-1]


def name_of(added: str) -> str:
    """The quoted name of a column that a step adds."""
    found = _NAMED.search(added)
    assert found is not None
    return found[1]


def _lines(columns: Sequence[str]) -> Iterable[str]:
    """Columns, as many a line as are easily read."""
    line = ""
    for one in columns:
        if line and len(line) + len(one) > 100:
            yield line
            line = ""
        line += f", {one}" if line else one
    if line:
        yield line

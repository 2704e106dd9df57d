"""The steps of a SELECT as common table expressions, each from the one before, and what each takes over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from leadledger.scoring.errors import PrinterError
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, reads_of

_LINE_WIDTH = 100  # of columns that are taken over


@dataclass(frozen=True)
class Step:
    """A common table expression: the columns that it adds, and which rows it keeps (None: all)."""

    label: str
    why: str
    added: Sequence[StepColumn]
    where: Expression | None = None

    @property
    def reads(self) -> frozenset[str]:
        """The columns that it reads from the step before."""
        return reads_of([*(column.expression for column in self.added), self.where])


def print_steps(
    steps: Sequence[Step], source: str, available: Sequence[str], columns: Sequence[StepColumn], dialect: Dialect
) -> str:
    """The whole SELECT of `columns` from the last step.

    The first step reads `source`, which has the columns `available`. It is any FROM item: a table, or a sub-select in
    brackets, so that a list can be joined with something else before its values are cleaned (see `Query.source`).
    A step takes over all columns of the one before, or in an engine where that costs, those that are read later on.
    """
    if dialect.prunes:
        taken_over = [["*"] for _ in steps]
    else:
        steps = drop_unread(steps, _reads(columns))
        taken_over = [[*map(dialect.name, names)] for names in _taken_over(steps, available, columns)]
        _check_width([len(kept) + len(step.added) for kept, step in zip(taken_over, steps, strict=True)], dialect)
    body = []
    for step, kept in zip(steps, taken_over, strict=True):
        added = [column.written(dialect.name) for column in step.added]
        lines = ",\n".join(f"    {line}" for line in [*_filled_lines(kept), *added])
        where = f"\n  WHERE {step.where.sql}" if step.where else ""
        body.append(f"{step.label} AS ( -- {step.why}\n  SELECT\n{lines}\n  FROM {source}{where}{dialect.barrier}\n)")
        source = step.label
    selected = ",\n".join(f"  {column.written(dialect.name)}" for column in columns)
    whole = ",\n".join(body)
    return f"WITH {whole}\nSELECT\n{selected}\nFROM {source}"


def drop_unread(steps: Sequence[Step], wanted: Iterable[str]) -> list[Step]:
    """The steps without columns that no later step reads, and that aren't among those `wanted` of the last."""
    later = set(wanted)
    kept = []
    for step in reversed(steps):
        left = replace(step, added=[column for column in step.added if column.name in later])
        if left.added or left.where:
            kept.append(left)
        later |= left.reads
    return kept[::-1]


def _check_width(widths: Sequence[int], dialect: Dialect) -> None:
    """Raises PrinterError where a step has more columns than the engine takes."""
    if dialect.most_columns and max(widths, default=0) > dialect.most_columns:
        raise PrinterError(
            f"the SELECT has a step of {max(widths):,} columns, and {dialect.label} takes at most"
            f" {dialect.most_columns:,}; leave out --explain or --ledger, or print a card with fewer rules and tables"
        )


def _taken_over(
    steps: Sequence[Step], available: Sequence[str], columns: Sequence[StepColumn]
) -> Iterator[Iterable[str]]:
    """The columns that each step takes over from the one before, since it or a later one reads them."""
    later = [_reads(columns)]
    for step in reversed(steps):
        later.append(later[-1] | step.reads)
    known = list(available)
    for step, wanted in zip(steps, later[:0:-1], strict=True):
        yield [name for name in known if name in wanted]
        known += [column.name for column in step.added]


def _reads(columns: Sequence[StepColumn]) -> frozenset[str]:
    return reads_of(column.expression for column in columns)


def _filled_lines(names: Iterable[str]) -> Iterator[str]:
    """Names, as many in a line as are easily read."""
    line = ""
    for name in names:
        if line and len(line) + len(name) > _LINE_WIDTH:
            yield line
            line = ""
        line += f", {name}" if line else name
    if line:
        yield line

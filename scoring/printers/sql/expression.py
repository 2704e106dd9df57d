"""SQL that knows which columns it reads: the records that a SELECT is made of.

Expressions are put together by `write`, `join` and `spell` only, so that what each reads is never looked up in its
text. An f-string over an expression would lose that, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

_NOTHING: frozenset[str] = frozenset()


class Expression(NamedTuple):
    """An SQL expression, and the names (without quotes) of the columns that it reads from the step before."""

    sql: str
    reads: frozenset[str] = _NOTHING

    def __str__(self) -> str:
        raise TypeError("an Expression is put into another by write(), join() or spell(), which keep what it reads")

    def __format__(self, spec: str) -> str:
        return str(self)


class StepColumn(NamedTuple):
    """A column that a step adds, or that a SELECT brings back: its name without quotes, and its expression."""

    name: str
    expression: Expression

    def written(self, quoted: Callable[[str], str]) -> str:
        """The column as SQL: `… AS "name"`, or the bare name where it is taken over as it is."""
        name, sql = quoted(self.name), self.expression.sql
        return name if sql == name else f"{sql} AS {name}"


def write(template: str, *parts: Expression | str | int) -> Expression:
    """An expression by a template, in which each `{}` is a part: another expression, or words that read no column."""
    texts: list[str | int] = []
    reads = _NOTHING
    for part in parts:
        if isinstance(part, Expression):
            texts.append(part.sql)
            reads = reads | part.reads if reads else part.reads
        else:
            texts.append(part)
    return Expression(template.format(*texts), reads)


def join(separator: str, parts: Iterable[Expression]) -> Expression:
    """Some expressions with a separator between them."""
    parts = list(parts)
    return Expression(separator.join([part.sql for part in parts]), reads_of(parts))


def spell(spelling: Callable[..., str], *arguments: object) -> Expression:
    """What a function makes of the SQL of some expressions; it takes the other arguments as they are."""
    reads = _NOTHING
    texts: list[object] = []
    for argument in arguments:
        if isinstance(argument, Expression):
            texts.append(argument.sql)
            reads = reads | argument.reads if reads else argument.reads
        else:
            texts.append(argument)
    return Expression(spelling(*texts), reads)


def reads_of(parts: Iterable[object]) -> frozenset[str]:
    """The columns that some expressions read together; other parts read none."""
    return _NOTHING.union(*[part.reads for part in parts if isinstance(part, Expression)])


def column_reader(quoted: Callable[[str], str]) -> Callable[[str], Expression]:
    """The function that makes the expression of a column by its name; `quoted` spells names in a dialect."""

    @cache
    def read_column(name: str) -> Expression:
        return Expression(quoted(name), frozenset((name,)))

    return read_column

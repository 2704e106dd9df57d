"""Expressions know which columns they read, so that steps are pruned and split without a look at their text."""

from __future__ import annotations

import pytest

from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.dialects.postgres import POSTGRES
from leadledger.scoring.printers.sql.expression import (
    Expression,
    StepColumn,
    column_reader,
    join,
    spell,
    write,
)
from leadledger.scoring.printers.sql.steps import Step, drop_unread, print_steps

read = column_reader(quoted)


def test_a_whole_reads_what_its_parts_read() -> None:
    """write, join and spell keep the columns of their parts; words and numbers add none."""
    both = write("{} + {} * {}", read("a"), 2, read("b"))
    assert both == Expression('"a" + 2 * "b"', frozenset({"a", "b"}))
    assert join(", ", [both, read("c")]).reads == {"a", "b", "c"}
    assert spell(DUCKDB.search, "contains", read("a"), "'x'") == Expression("contains(\"a\", 'x')", frozenset({"a"}))


def test_an_f_string_over_an_expression_is_refused() -> None:
    """It would lose what the expression reads."""
    with pytest.raises(TypeError, match="write\\(\\), join\\(\\) or spell\\(\\)"):
        f"{read('a')} + 1"
    with pytest.raises(TypeError):
        str(read("a"))


def test_a_name_in_a_literal_reads_no_column() -> None:
    """A text that looks like a quoted name keeps no column alive."""
    first = Step("first", "", [StepColumn("x", Expression("1")), StepColumn("y", Expression("2"))])
    second = Step("second", "", [StepColumn("z", write("{} || {}", read("y"), """'"x"'"""))])
    (kept, _) = drop_unread([first, second], ["z"])
    assert [column.name for column in kept.added] == ["y"]


def test_a_step_takes_over_only_what_is_read_later_on() -> None:
    """In PostgreSQL, where columns that nobody reads cost time; the first step reads any FROM item."""
    steps = [
        Step("first", "why", [StepColumn("y", write("{} + 1", read("a")))]),
        Step("second", "why", [StepColumn("z", write("{} + 1", read("y")))], where=write("{} > 0", read("b"))),
    ]
    columns = [StepColumn("z", read("z")), StepColumn("twice", write("2 * {}", read("z")))]
    printed = print_steps(steps, "(SELECT * FROM leads JOIN others USING (id))", ["a", "b", "c"], columns, POSTGRES)
    assert printed == (
        """WITH first AS ( -- why
  SELECT
    "a", "b",
    "a" + 1 AS "y"
  FROM (SELECT * FROM leads JOIN others USING (id))
  OFFSET bigint '0'
),
second AS ( -- why
  SELECT
    "b", "y",
    "y" + 1 AS "z"
  FROM first
  WHERE "b" > 0
  OFFSET bigint '0'
)
SELECT
  "z",
  2 * "z" AS "twice"
FROM second"""
    )

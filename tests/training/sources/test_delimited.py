"""Delimited text: every layout that exports have is read as it was meant, or refused by its name; no row is lost."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.training.sources.reading import ReadingOptions
from leadledger.training.sources.table import LeadTable, connect, read_list
from tests.case_files import read_cases

CASES: list[dict[str, Any]] = read_cases("layouts.yaml")
# What values of people hold, and what readers of text trip over.
SIGNS = "ab1 ,;\t|\"'\\\v\f\x1c\x85\u2028\u2029\u00a0\ufeffé=#\n"


@pytest.fixture
def duck() -> duckdb.DuckDBPyConnection:
    """An embedded DuckDB."""
    return connect()


def values(connection: duckdb.DuckDBPyConnection, leads: LeadTable) -> list[list[str | None]]:
    """The kept rows, without their numbers."""
    selected = ", ".join(map(quoted, leads.columns))
    return [list(row) for row in connection.execute(f'SELECT {selected} FROM leads ORDER BY "ll:row"').fetchall()]


@pytest.mark.parametrize("case", CASES, ids=[case["what"] for case in CASES])
def test_a_layout(duck: duckdb.DuckDBPyConnection, tmp_path: Path, case: dict[str, Any]) -> None:
    """Its columns, rows, rejects and notes are those of the case, or the message is."""
    path = tmp_path / "leads.csv"
    path.write_bytes(case["text"].encode())
    reading = ReadingOptions(header_row=case.get("header_row"))
    if "refused" in case:
        with pytest.raises(DataError) as refused:
            read_list(duck, path, reading)
        assert str(refused.value) == f"{path}: {case['refused']}"
        return
    leads = read_list(duck, path, reading)
    assert list(leads.columns) == case["columns"]
    assert values(duck, leads) == case["rows"]
    assert [[reject.row, reject.reason] for reject in leads.rejects] == case.get("rejects", [])
    assert list(leads.notes) == case.get("notes", [])


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if "refused" not in case][::3], ids=lambda case: case["what"])
def test_an_encoding_changes_nothing(duck: duckdb.DuckDBPyConnection, tmp_path: Path, case: dict[str, Any]) -> None:
    """The same text with a byte order mark, and as UTF-16, has the same columns and rows."""
    for encoding in ("utf-8-sig", "utf-16"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(case["text"].encode(encoding))
        leads = read_list(duck, path, ReadingOptions(header_row=case.get("header_row")))
        assert (list(leads.columns), values(duck, leads)) == (case["columns"], case["rows"])


@st.composite
def lists(draw: st.DrawFn) -> tuple[str, list[list[str]]]:
    """A text as Python's csv writes it, and its rows, the names of its columns first."""
    width = draw(st.integers(2, 4))
    cell = st.text(SIGNS, max_size=6)
    # A name that is read as it is has a letter, and no blank at its ends.
    names = [f"{name}{draw(cell)}{name}" for name in "pqrs"[:width]]
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), min_size=1, max_size=5))
    # One cell that says that the row is one; the rest may be anything.
    rows = [[f"L{number}", *row[1:]] for number, row in enumerate(rows)]
    output = io.StringIO(newline="")
    delimiter = draw(st.sampled_from([",", ";", "\t"]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    if draw(st.booleans()):
        csv.writer(output, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    else:
        csv.writer(output, delimiter=delimiter, lineterminator=end).writerows([names, *rows])
    return output.getvalue(), [names, *rows]


@given(lists())
def test_rows_are_those_of_python(written: tuple[str, list[list[str]]]) -> None:
    """Cells with awkward signs, in the header and in rows, in three delimiters, are read as Python's csv reads them.

    A text with two readings may be refused; none is read otherwise, and none of its rows is lost.
    """
    text, (names, *rows) = written
    with tempfile.TemporaryDirectory() as folder, connect() as connection:
        path = Path(folder) / "leads.csv"
        path.write_bytes(text.encode())
        try:
            leads = read_list(connection, path)
        except DataError as error:
            refusal = str(error)
        else:
            refusal = ""
            assert leads.rejects == ()
            found = values(connection, leads)
    if refusal:
        assert "can be read in two ways" in refusal
        return
    assert list(leads.columns) == names
    assert [[cell or "" for cell in row] for row in found] == rows

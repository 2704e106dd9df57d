"""Workbooks: the sheet that people see is read, and what a sheet hides is said or refused."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl  # type: ignore[import-untyped]
import pytest

from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.table import LeadTable, connect, read_list

HEADER = ["id", "need", "budget"]


@pytest.fixture
def duck() -> duckdb.DuckDBPyConnection:
    """An embedded DuckDB."""
    return connect()


def save(path: Path, **sheets: list[list[Any]]) -> Any:
    """A workbook with these sheets; returns it, to be changed and saved again."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return book


def values(connection: duckdb.DuckDBPyConnection, leads: LeadTable) -> list[list[str | None]]:
    """The kept rows, without their numbers."""
    selected = ", ".join(map(quoted, leads.columns))
    return [list(row) for row in connection.execute(f'SELECT {selected} FROM leads ORDER BY "ll:row"').fetchall()]


def test_the_visible_active_sheet_is_read(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Not the first one; the others are named, and `sheet` reads one of them, hidden or not."""
    path = tmp_path / "leads.xlsx"
    book = save(path, Old=[HEADER, ["OLD", "a", 1]], Notes=[["x"], ["y"]], Leads=[HEADER, ["L1", "a", 5]])
    book["Old"].sheet_state = "hidden"
    book.active = 2
    book.save(path)
    leads = read_list(duck, path)
    assert values(duck, leads) == [["L1", "a", "5"]]
    assert leads.notes == ("Sheet 'Leads' is read; not read: 'Old' (hidden), 'Notes'. --sheet NAME reads another.",)
    leads = read_list(duck, path, ReadingOptions(sheet="Old"))
    assert (values(duck, leads), leads.notes) == ([["OLD", "a", "1"]], ())
    with pytest.raises(DataError) as refused:
        read_list(duck, path, ReadingOptions(sheet="Lead"))
    assert str(refused.value) == f"{path}: there is no sheet 'Lead'. Did you mean 'Leads'?"


def test_a_sheet_without_leads_names_the_others(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Where the active sheet is a cover, or empty, the message says which other sheets there are."""
    path = tmp_path / "leads.xlsx"
    other = "Sheet 'Cover' is read; not read: 'Leads'. --sheet NAME reads another"
    for rows, message in (
        ([["Leads of June"]], f"has a header and no rows. {other}"),
        ([[]], f"the sheet 'Cover' is empty; it needs a header row with the names of the columns. {other}."),
    ):
        save(path, Cover=rows, Leads=[HEADER, ["L1", "a", 5]])
        with pytest.raises(DataError) as refused:
            read_list(duck, path)
        assert str(refused.value) == f"{path}: {message}"


def test_a_merged_title_of_one_word(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A word over all columns is a title; a word alone may be the header."""
    path = tmp_path / "leads.xlsx"
    book = save(path, Leads=[["Leads"], HEADER, ["L1", "a", 5]])
    with pytest.raises(DataError) as refused:
        read_list(duck, path)
    assert str(refused.value) == (
        f"{path}: row 1 has one column, 'Leads', and row 2 has 3; if the names of the columns stand there, give"
        " --header-row 2; else name the other columns"
    )
    book["Leads"].merge_cells("A1:C1")
    book.save(path)
    assert values(duck, read_list(duck, path)) == [["L1", "a", "5"]]


def test_an_active_sheet_that_is_hidden_is_not_read(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """The first visible one is; where there is none, one has to be named."""
    path = tmp_path / "leads.xlsx"
    book = save(path, Old=[HEADER, ["OLD", "a", 1]], Leads=[HEADER, ["L1", "a", 5]])
    book["Old"].sheet_state = "veryHidden"
    book.save(path)
    assert values(duck, read_list(duck, path)) == [["L1", "a", "5"]]
    change(path, "xl/workbook.xml", lambda xml: xml.replace(b'state="visible"', b'state="hidden"'))
    with pytest.raises(DataError) as refused:
        read_list(duck, path)
    assert str(refused.value) == f"{path}: all its sheets are hidden ('Old', 'Leads'); name one, as in --sheet Old"


@pytest.mark.parametrize(
    ("rows", "reading", "kept", "rejects", "notes"),
    [
        pytest.param(
            [["Leads of June"], [], HEADER, ["L1", "a", 5], [], ["L2", None, None]],
            AS_FOUND,
            [["L1", "a", "5"], ["L2", None, None]],
            [],
            ["The header is in row 3; what stands before it is left out: 'Leads of June'."],
            id="a title, and empty rows",
        ),
        pytest.param(
            [["x", "y", "z"], HEADER, ["L1", "a", 5]],
            ReadingOptions(header_row=2),
            [["L1", "a", "5"]],
            [],
            [],
            id="a declared header",
        ),
        pytest.param(
            [[None, *HEADER], [0, "L1", "a", 5], [1, "L2", "b", 6]],
            AS_FOUND,
            [["L1", "a", "5"], ["L2", "b", "6"]],
            [],
            ["Column 1 has no name, and only numbers the rows, as pandas writes an index; it is left out."],
            id="an index of pandas",
        ),
        pytest.param(
            [HEADER, ["L1", "a", 5], HEADER, ["L2", "b", 6, "more"], ["Total", None, 11]],
            AS_FOUND,
            [["L1", "a", "5"]],
            [
                [2, "id,need,budget", "is the header once more, not a lead"],
                [3, "L2,b,6,more", "has more columns than the header"],
                [
                    4,
                    "Total,,11",
                    "looks like a row of totals or a footer, not like a lead; remove it from the file if it is one",
                ],
            ],
            [],
            id="rows that are no leads",
        ),
        pytest.param(
            [HEADER, ["L1", "#N/A", 0.25], ["L2", "#REF!", datetime(2026, 6, 30)]],
            AS_FOUND,
            [["L1", None, "0.25"], ["L2", None, "2026-06-30"]],
            [],
            ["2 cells hold errors and count as missing: #N/A in B2, #REF! in B3."],
            id="errors and a day",
        ),
    ],
)
def test_the_layout_of_a_sheet(
    duck: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    rows: list[list[Any]],
    reading: ReadingOptions,
    kept: list[list[str | None]],
    rejects: list[list[Any]],
    notes: list[str],
) -> None:
    """What is no lead is left out by its name, as in a text."""
    path = tmp_path / "leads.xlsx"
    save(path, Leads=rows)
    leads = read_list(duck, path, reading)
    assert list(leads.columns) == HEADER
    assert values(duck, leads) == kept
    assert [[reject.row, reject.value, reject.reason] for reject in leads.rejects] == rejects
    assert list(leads.notes) == notes


@pytest.mark.parametrize(
    ("merged", "outcome"),
    [
        ("A1:C1", [["L1", "a", "5"], ["L2", "b", "6"]]),
        (
            "B3:B4",
            "the cells B3:B4 are merged over 2 rows, of which only the first has the value; unmerge them in Excel and"
            " fill the value into each row",
        ),
        (
            "B1:C1",
            "the header in row 1 has merged cells, B1:C1; unmerge them in Excel, and give each column its name in one"
            " row",
        ),
        ("B4:C4", [["L1", "a", "5"]]),
        ("E3:E4", [["L1", "a", "5"], ["L2", "b", "6"]]),
    ],
)
def test_merged_cells(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path, merged: str, outcome: list[list[str]] | str
) -> None:
    """Above the header, and beside the list, they don't matter; over several rows they are refused."""
    path = tmp_path / "leads.xlsx"
    title = [] if merged == "B1:C1" else [["Leads of June"]]
    book = save(path, Leads=[*title, HEADER, ["L1", "a", 5], ["L2", "b", 6]])
    book["Leads"].merge_cells(merged)
    book.save(path)
    if isinstance(outcome, str):
        with pytest.raises(DataError) as refused:
            read_list(duck, path)
        assert str(refused.value) == f"{path}: {outcome}"
        return
    leads = read_list(duck, path)
    assert values(duck, leads) == outcome
    assert [reject.reason for reject in leads.rejects] == (["has merged cells, B4:C4"] if merged == "B4:C4" else [])


def test_hidden_rows_are_said(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Rows that a filter hides are read, with a word."""
    path = tmp_path / "leads.xlsx"
    book = save(path, Leads=[HEADER, ["L1", "a", 5], ["L2", "b", 6]])
    book["Leads"].row_dimensions[3].hidden = True
    book.save(path)
    leads = read_list(duck, path)
    assert leads.rows == 2
    assert leads.notes == ("1 hidden row is read like the others.",)


def change(path: Path, part: str, edit: Callable[[bytes], bytes]) -> None:
    """Change a part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = edit(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            lambda xml: xml.replace(b'<row r="2"', b'<row r="999999999"'),
            "has a row 999999999, and a sheet ends at row 1,048,576; the workbook is damaged",
        ),
        (
            lambda xml: xml + b" " * (70 << 20),
            "the part xl/worksheets/sheet1.xml of the workbook unpacks to",
        ),
        (
            lambda xml: b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + xml,
            "the part xl/worksheets/sheet1.xml of the workbook declares a document type, which no workbook does; save"
            " the sheet as CSV (UTF-8)",
        ),
    ],
    ids=["a row beyond the last", "a bomb", "entities"],
)
def test_a_crafted_workbook_is_refused(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path, edit: Callable[[bytes], bytes], message: str
) -> None:
    """It neither hangs nor fills the memory."""
    path = tmp_path / "leads.xlsx"
    save(path, Leads=[HEADER, ["L1", "a", 5]])
    change(path, SHEET, edit)
    with pytest.raises(DataError) as refused:
        read_list(duck, path)
    assert str(refused.value).startswith(f"{path}: {message}")


def test_signs_that_a_workbook_spells(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Excel writes a return as `_x000D_`; it is read as the sign that it stands for, half of an emoji as it stands."""
    path = tmp_path / "leads.xlsx"
    texts = ["a_x000D_\nb", "_x005F_x0041_", "_x0001_", "_xD83D_", "tax_x", "_x00zz_"]
    save(path, Leads=[["id", "note"], *([f"L{place}", text] for place, text in enumerate(texts))])
    read = [row[1] for row in values(duck, read_list(duck, path))]
    assert read == ["a\r\nb", "_x0041_", "\x01", "_xD83D_", "tax_x", "_x00zz_"]

"""Workbooks as they are written: what a cell holds is what was given, and what none can hold is refused."""

from __future__ import annotations

import math
import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape  # type: ignore[import-untyped]

from leadledger.api.lists import workbook_file
from leadledger.api.lists.workbook_file import LONGEST_CELL, Cell, write_workbook
from leadledger.api.lists.workbook_parts import STYLES, ColumnLook, name_column
from leadledger.scoring.errors import DataError

COLUMN = ColumnLook("value", "number", 20)
SIGNS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(
    "=+-@\t\n\r\0\x01\x1f\ufffe\uffff_x0041<>&\"'\u202e😀"
)
MOMENTS = st.datetimes(datetime(1900, 3, 1), datetime(9999, 12, 31)).map(lambda time: time.replace(microsecond=0))


def write(path: Path, values: list[Cell], column: ColumnLook = COLUMN) -> Any:
    """A workbook with values below each other, as openpyxl reads its sheet."""
    write_workbook(path, [column], [[value] for value in values], label="out.xlsx", scratch=path.with_suffix(".xml"))
    return openpyxl.load_workbook(path).active


@given(st.lists(st.text(SIGNS, min_size=1, max_size=40), min_size=1, max_size=20))
def test_texts_stay_what_they_are(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Whatever they start with, and also where XML refuses a sign; nothing in them is a formula."""
    sheet = write(tmp_path_factory.mktemp("texts") / "out.xlsx", list(texts))
    cells = [sheet.cell(row, 1) for row in range(2, len(texts) + 2)]
    assert [unescape(cell.value) for cell in cells] == texts
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}


@given(
    st.integers(-(10**15) + 1, 10**15 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False, places=3, max_value=10**11, min_value=-(10**11))
)
def test_numbers_are_exact(tmp_path_factory: pytest.TempPathFactory, number: float | Decimal) -> None:
    """To the last bit."""
    cell = write(tmp_path_factory.mktemp("numbers") / "out.xlsx", [number])["A2"]
    assert cell.data_type == "n"
    assert float(cell.value) == float(number)


@given(st.dates(date(1900, 3, 1)) | MOMENTS)
def test_days_and_times_are_days_and_times(tmp_path_factory: pytest.TempPathFactory, moment: date) -> None:
    """From March 1900 on, which Excel takes for a leap year."""
    column = ColumnLook("value", "moment" if isinstance(moment, datetime) else "day", 20)
    cell = write(tmp_path_factory.mktemp("days") / "out.xlsx", [moment], column)["A2"]
    assert cell.is_date
    expected = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)
    assert abs(cell.value - expected) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567890123456, "1234567890123456"),
        (-(10**15), "-1000000000000000"),
        (Decimal("1234567890123.456"), "1234567890123.456"),
        (Decimal("NaN"), "NaN"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (date(1900, 2, 28), "1900-02-28"),
        (datetime(1899, 5, 1, 10, 30), "1899-05-01 10:30:00"),
        (datetime(2026, 5, 1, 10, 30, 0, 1), "2026-05-01 10:30:00.000001"),
    ],
)
def test_what_no_number_can_hold_is_a_text(tmp_path: Path, value: Cell, text: str) -> None:
    """No digit and no day is lost."""
    cell = write(tmp_path / "out.xlsx", [value])["A2"]
    assert (cell.value, cell.data_type) == (text, "s")


def test_a_flag_and_nothing(tmp_path: Path) -> None:
    """A flag is one; a missing value and an empty text have no cell."""
    sheet = write(tmp_path / "out.xlsx", [True, None, "", False])
    assert [sheet.cell(row, 1).value for row in range(2, 6)] == [True, None, None, False]


def test_the_header_stays_in_sight(tmp_path: Path) -> None:
    """It is bold and frozen, has a filter over all rows, and stands on each printed page."""
    sheet = write(tmp_path / "out.xlsx", [1, 2], ColumnLook("=1+1", "percent", 33))
    assert (sheet["A1"].value, sheet["A1"].data_type, sheet["A1"].font.b) == ("=1+1", "s", True)
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.print_title_rows) == ("A2", "A1:A3", "$1:$1")
    assert sheet.column_dimensions["A"].width == 33
    assert sheet["A2"].number_format == "0.0%"


def test_every_look_has_its_style(tmp_path: Path) -> None:
    """None takes that of the header."""
    for look in STYLES:
        assert not write(tmp_path / "out.xlsx", [1], ColumnLook("value", look, 20))["A2"].font.b


def test_long_sentences_make_a_row_higher(tmp_path: Path) -> None:
    """A wrapped text is seen whole; other texts stay on one line."""
    sheet = write(tmp_path / "out.xlsx", ["word " * 40, "word"], ColumnLook("why", "wrapped", 50))
    assert [sheet.row_dimensions[row].height for row in (2, 3)] == [60, None]
    sheet = write(tmp_path / "out.xlsx", ["word " * 40], ColumnLook("why", "text", 50))
    assert sheet.row_dimensions[2].height is None


def test_a_text_that_no_cell_holds_is_refused(tmp_path: Path) -> None:
    """Nothing is cut off. Excel counts an emoji as two."""
    assert len(write(tmp_path / "out.xlsx", ["x" * LONGEST_CELL])["A2"].value) == LONGEST_CELL
    for text in ("x" * (LONGEST_CELL + 1), "😀" * (LONGEST_CELL // 2 + 1)):
        with pytest.raises(DataError) as refused:
            write(tmp_path / "out.xlsx", ["short", text])
        assert str(refused.value) == (
            "out.xlsx: column 'value' has a text of 32,768 characters in row 3, and a cell of Excel holds 32,767; write"
            " .csv or .parquet, or leave the column out"
        )


def test_more_rows_or_columns_than_a_sheet_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are refused, since Excel would leave them out."""
    monkeypatch.setattr(workbook_file, "MOST_SHEET_ROWS", 3)
    write(tmp_path / "out.xlsx", [1, 2, 3])
    with pytest.raises(DataError) as refused:
        write(tmp_path / "out.xlsx", [1, 2, 3, 4])
    assert str(refused.value) == (
        "out.xlsx: has more than 3 rows, and a sheet of Excel holds no more below its header; write .csv or .parquet,"
        " or fewer rows"
    )
    columns = [ColumnLook(f"c{place}", "text", 8) for place in range(16_385)]
    with pytest.raises(DataError) as refused:
        write_workbook(tmp_path / "out.xlsx", columns, [], label="out.xlsx", scratch=tmp_path / "out.xml")
    assert str(refused.value) == (
        "out.xlsx: has 16,385 columns, and a sheet of Excel holds 16,384; write .csv or .parquet, or fewer columns"
    )


def test_the_limit_of_rows_is_that_of_a_sheet() -> None:
    """2**20 rows, of which one is the header."""
    assert workbook_file.MOST_SHEET_ROWS == 2**20 - 1


@pytest.mark.parametrize(
    ("place", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA"), (16_384, "XFD")]
)
def test_letters_of_columns(place: int, letters: str) -> None:
    """As Excel counts them."""
    assert name_column(place) == letters == openpyxl.utils.get_column_letter(place)


def test_every_part_of_the_package_is_xml(tmp_path: Path) -> None:
    """And each part that is named is there."""
    write(tmp_path / "out.xlsx", ["<&>"])
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        parts = {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}
    named = {part.get("PartName", "")[1:] for part in parts["[Content_Types].xml"] if part.get("PartName")}
    assert named == {name for name in parts if name.endswith(".xml")} - {"[Content_Types].xml"}

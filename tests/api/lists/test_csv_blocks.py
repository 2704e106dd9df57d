"""Blocks of text that Arrow parses: the rows that DuckDB reads, or none."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as arrow  # type: ignore[import-untyped]
import pytest
from hypothesis import strategies as st

from leadledger.api.lists.csv_blocks import (
    CODES,
    OddText,
    can_be_cut,
    check_block,
    count_rows,
    cut_blocks,
    parse_block,
    split_rows,
)
from leadledger.scoring.errors import DataError
from leadledger.training.sources.cells import Style
from leadledger.training.sources.opening import open_list
from leadledger.training.sources.rejects import find_broken_rows
from leadledger.training.sources.scan import Scan, SourceFile
from leadledger.training.sources.table import connect
from tests.effort import draw_examples

NAMES = ("lead_id", "need", "budget")
USUAL = ["a", "ü", "12", "", '""', '"q"', '"a,b"', '"two\nlines"', '"two\r\nlines"', '"says ""no"""', " x ", "#"]
ODD = ['"', ",", "\n", "\r", "\0", " ", '"x', 'x"y"', '"x" ', "\ufeff", "\x1a", "\\", "€", "'", "\t", "\n\n"]
VALUES = st.sampled_from(USUAL) | st.lists(st.sampled_from([*USUAL, *ODD]), max_size=3).map("".join)
PLAIN = st.sampled_from(USUAL)


@st.composite
def texts(draw: Callable[..., Any], values: st.SearchStrategy[str]) -> bytes:
    """A list of three columns, with or without a mark, a last line end, and rows that are too short or too long."""
    end = draw(st.sampled_from(["\n", "\r\n"]))
    width = st.sampled_from([len(NAMES)] * 9 + [len(NAMES) - 1, len(NAMES) + 1, 1])
    rows = draw(
        st.lists(width.flatmap(lambda size: st.lists(values, min_size=size, max_size=size)), min_size=1, max_size=6)
    )
    lines = [",".join(row) for row in [NAMES, *rows]]
    return (draw(st.sampled_from(["", "\ufeff"])) + end.join(lines) + draw(st.sampled_from(["", end]))).encode()


def read_blocks(
    scan: Scan, size: int, kind: arrow.DataType
) -> tuple[list[tuple[str | None, ...]], list[tuple[int, str, str]]]:
    """The rows of a list by its blocks; those taken as lines are the same ones. And the broken rows. Raises OddText."""
    assert scan.source is not None
    assert scan.source.style is not None
    rows: list[tuple[str | None, ...]] = []
    broken: list[tuple[int, str, str]] = []
    for text, line_end in cut_blocks(scan.source.path, size):
        block = check_block(text, line_end, scan.source.style.delimiter)
        table, left_out = parse_block(block, scan.source, dict.fromkeys(scan.columns, kind))
        before = len(rows) + len(broken)
        broken += [(before + row.place, row.text, row.reason) for row in left_out]
        rows += zip(*(table.column(name).to_pylist() for name in scan.columns), strict=True)
        own = split_rows(block, table.num_rows, left_out)
        lines = own.texts.take(arrow.array(own.codes)).to_pylist()
        cells = csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=scan.source.style.delimiter)
        places = [scan.source.names.index(name) for name in scan.columns]
        assert [tuple(row[place] or None for place in places) for row in cells] == rows[len(rows) - len(lines) :]
    return rows, broken


def parse_all(source: SourceFile) -> None:
    """Parse a file in small blocks."""
    for text, line_end in cut_blocks(source.path, 100):
        parse_block(check_block(text, line_end, ","), source, {"a": arrow.string()})


@pytest.mark.slow
@pytest.mark.parametrize(("values", "taken"), [(PLAIN, 0.2), (VALUES, 0.05)], ids=["usual", "odd"])
def test_blocks_have_the_rows_that_duckdb_reads(tmp_path: Path, values: st.SearchStrategy[str], taken: float) -> None:
    """Whatever a text holds, its blocks have the rows that DuckDB reads, and the broken ones, or there are none."""
    drawn = draw_examples(st.tuples(texts(values), st.sampled_from([20, 60, 1 << 20]), st.booleans()), 300)
    taken_lists = taken_broken = 0
    path = tmp_path / "leads.csv"
    with connect() as connection:
        for text, size, is_coded in drawn:
            path.write_bytes(text)
            try:
                with open_list(connection, path) as scan:
                    if scan.source is None or not can_be_cut(scan.source):
                        continue
                    expected = connection.execute(f"FROM {scan.sql}").fetchall()
                    broken = [
                        (reject.row, reject.value, reject.reason)
                        for reject in find_broken_rows(connection, scan)
                        if reject not in scan.rejects
                    ]
                    try:
                        blocks = read_blocks(scan, size, CODES if is_coded else arrow.string())
                    except OddText:
                        continue
                    assert blocks == (expected, broken)
                    taken_lists += 1
                    taken_broken += len(broken)
            except DataError:
                continue
    assert taken_lists >= len(drawn) * taken
    assert taken_broken >= taken_lists * 0.1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"a,b\n1,2\n1,2,\n", "a row has more cells than the header, and the last is empty"),
        (b'a,b\n1,2\n1,2,3,""\n', "a row has more cells than the header, and the last is empty"),
        (b'a,b\n1,x"y\n', "a quote is not closed"),
        (b'a,b\n1,x"y"\n', "a quote stands within a value"),
        (b'a,b\n1,"x" \n', "a quote stands within a value"),
        (b"a,b\n1,2\r\n", "lines end in several ways"),
        (b"a,b\r\n1,2\n3,4\r\n", "lines end in several ways"),
        (b"a,b\r1,2\r", "no line feed ends the header"),
        (b"a,b\n1,\xff\n", "there is text that is not UTF-8"),
        (b"a,b\n1,\x00\n", "there is a NUL, or a byte order mark"),
        (b"a,b\n1," + b"x" * 200 + b"\n", "a row is longer than a block"),
        (b'a,b\n1,"' + b"x\n" * 200 + b'"\n', "a row is longer than a block"),
    ],
)
def test_an_odd_text_is_left_to_sql(tmp_path: Path, text: bytes, reason: str) -> None:
    """Text that can be read in two ways, or has a row that is none, makes no blocks."""
    path = tmp_path / "leads.csv"
    path.write_bytes(text)
    source = SourceFile(path, ("a", "b"), Style(","))
    with pytest.raises(OddText) as odd:
        parse_all(source)
    assert str(odd.value) == reason


def test_rows_are_counted_outside_of_quotes(tmp_path: Path) -> None:
    """The rows of a file are counted by its line ends, of which those within quotes are none."""
    path = tmp_path / "scored.csv"
    path.write_bytes(b'a,b\n1,"two\nlines"\n2,"says ""no""\n"\n3,x\n')
    assert count_rows(path) == 3

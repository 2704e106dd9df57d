"""Delimited text as blocks of whole rows, which Arrow parses as DuckDB reads them.

Only text of which both make the same rows is taken: quotes stand around whole values or nowhere, all lines end alike.
Anything else is an `OddText`, and SQL scores the list instead.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as arrow  # type: ignore[import-untyped]
import pyarrow.csv as arrow_csv  # type: ignore[import-untyped]

from leadledger.training.sources.rejects import REASONS
from leadledger.training.sources.scan import SourceFile

BLOCK_SIZE = 16 << 20  # bytes of text that one thread parses at a time
QUOTE = b'"'
CODES: arrow.DataType = arrow.dictionary(arrow.int32(), arrow.string())  # a text by the number of its distinct value
_FEED, _RETURN = b"\n", b"\r"
Places: TypeAlias = npt.NDArray[np.int64]  # positions in a block, ascending


class OddText(Exception):
    """A text that Arrow and DuckDB may read in two ways."""


@dataclass(frozen=True)
class TextBlock:
    """Whole rows of a text: their bytes, where the quotes are, and how lines end."""

    text: bytearray
    quotes: Places
    line_end: bytes

    def find(self, sign: bytes) -> Places:
        """The places of a sign that are not within quotes."""
        places = _find(self.text, sign)
        return places[np.searchsorted(self.quotes, places) % 2 == 0] if len(self.quotes) else places


@dataclass(frozen=True)
class BrokenRow:
    """A row of a block with fewer or more cells than the header; `place` is its number in the block, from 1."""

    place: int
    text: str
    reason: str


@dataclass(frozen=True)
class CodedTexts:
    """The texts of some rows: `texts[codes[i]]`, an array of Arrow, where null is an empty text."""

    texts: arrow.Array
    codes: Places


def can_be_cut(source: SourceFile) -> bool:
    """Whether a file is text in a style that blocks are made of; one column alone has rows that are empty lines."""
    style = source.style
    if style is None or len(source.names) < 2:
        return False
    return style.quote == style.escape == QUOTE.decode() and style.delimiter.isascii()


def cut_blocks(path: Path, size: int) -> Iterator[tuple[bytearray, bytes]]:
    """The rows of a file in blocks of about `size` bytes, without the header, each with how its lines end.

    Raises OddText, also where a row is longer than two blocks, or the file can't be read.
    """
    try:
        with path.open("rb") as file:
            header = _read_header(file, size)
            line_end = b"\r\n" if header.endswith(b"\r\n") else _FEED
            rest = b""
            while text := _read_on(file, rest, size):
                end = len(text) if len(text) == len(rest) else _find_row_end(text)
                rest = bytes(memoryview(text)[end:])
                if len(rest) > size:
                    raise OddText("a row is longer than a block")
                del text[end:]
                if text:
                    yield text, line_end
    except OSError as error:
        raise OddText(str(error)) from None


def _read_header(file: BinaryIO, size: int) -> bytes:
    """The lines of the header. Raises OddText."""
    header = b""
    while not header or header.count(QUOTE) % 2:
        line = file.readline(size)
        header += line
        if not line.endswith(_FEED) or len(header) > size:
            raise OddText("no line feed ends the header")
    return header


def _read_on(file: BinaryIO, rest: bytes, size: int) -> bytearray:
    """What was left, and the next bytes of a file, read to where they stay: a block is never copied."""
    text = bytearray(len(rest) + size)
    text[: len(rest)] = rest
    with memoryview(text) as view:
        read = file.readinto(view[len(rest) :])  # type: ignore[attr-defined]  # any file in binary mode has it
    del text[len(rest) + read :]
    return text


def _find_row_end(text: bytearray) -> int:
    """Where the last whole row of a text ends: after a line feed that is not within quotes."""
    end, quotes = len(text), text.count(QUOTE)
    while True:
        start = text.rfind(_FEED, 0, end) + 1
        quotes -= text.count(QUOTE, start, end)
        if not start or quotes % 2 == 0:
            return start
        end = start - 1


def check_block(text: bytearray, line_end: bytes, delimiter: str) -> TextBlock:
    """A block in which nothing can be read in two ways. Raises OddText."""
    if b"\0" in text or text.startswith(BOM_UTF8):  # which Arrow would leave out
        raise OddText("there is a NUL, or a byte order mark")
    if not text.isascii():
        whole = arrow.StringArray.from_buffers(1, arrow.py_buffer(np.array([0, len(text)], np.int32)), _buffer(text))
        try:
            whole.validate(full=True)
        except arrow.ArrowInvalid:
            raise OddText("there is text that is not UTF-8") from None
    quotes = _find(text, QUOTE)
    if len(quotes):
        _check_quotes(text, quotes, delimiter.encode())
    block = TextBlock(text, quotes, line_end)
    returns = block.find(_RETURN)
    if len(returns) if line_end == _FEED else not np.array_equal(returns + 1, block.find(_FEED)):
        raise OddText("lines end in several ways")
    return block


def parse_block(
    block: TextBlock, source: SourceFile, types: Mapping[str, arrow.DataType]
) -> tuple[arrow.Table, list[BrokenRow]]:
    """Some columns of a block, by their types, which are of text, and the broken rows, which are left out.

    An empty value is none. Raises OddText.
    """
    assert source.style is not None
    delimiter = source.style.delimiter
    broken: list[Any] = []

    def leave_out(row: Any) -> str:
        broken.append(row)
        return "skip"

    try:
        table = arrow_csv.read_csv(
            arrow.BufferReader(_buffer(block.text)),
            arrow_csv.ReadOptions(use_threads=False, block_size=len(block.text) + 1, column_names=[*source.names]),
            arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=bool(len(block.quotes)), invalid_row_handler=leave_out
            ),
            arrow_csv.ConvertOptions(
                check_utf8=False,  # done already, of all columns
                column_types=types,
                include_columns=[*types],
                null_values=[""],
                strings_can_be_null=True,
            ),
        ).combine_chunks()
    except arrow.ArrowInvalid as error:
        raise OddText(str(error)) from None
    return table, [_describe_broken(row, delimiter) for row in broken]


def _describe_broken(row: Any, delimiter: str) -> BrokenRow:
    """A row that Arrow left out. Raises OddText."""
    is_short = row.actual_columns < row.expected_columns
    if not is_short and row.text.endswith((delimiter, QUOTE.decode() * 2)):
        raise OddText("a row has more cells than the header, and the last is empty")  # DuckDB may read it all the same
    return BrokenRow(row.number, row.text, REASONS["MISSING COLUMNS" if is_short else "TOO MANY COLUMNS"])


def split_rows(block: TextBlock, rows: int, broken: Sequence[BrokenRow]) -> CodedTexts:
    """The rows of a block as they stand there, without their line ends; there are `rows` beside the broken ones.

    Raises OddText.
    """
    ends = block.find(_FEED)
    if not len(ends) or ends[-1] != len(block.text) - 1:
        ends = np.append(ends, len(block.text))
    starts = np.concatenate([[0], ends[:-1] + 1])
    if block.line_end != _FEED:
        ends = ends - np.isin(ends, block.find(_RETURN) + 1)
    filled = ends > starts
    starts, ends = starts[filled], ends[filled]
    if len(starts) != rows + len(broken):
        raise OddText("there are lines that are no rows")
    if broken:
        places = [row.place - 1 for row in broken]
        starts, ends = np.delete(starts, places), np.delete(ends, places)
    # Every other text of this array is a row, the ones between are what stands between rows.
    offsets = np.empty(2 * rows + 1, np.int32)
    offsets[:-1:2], offsets[1::2], offsets[-1] = starts, ends, ends[-1] if rows else 0
    whole = arrow.StringArray.from_buffers(2 * rows, arrow.py_buffer(offsets), _buffer(block.text))
    return CodedTexts(whole, np.arange(0, 2 * rows, 2))


def count_rows(path: Path) -> int:
    """How many rows a file of delimited text has, its header not counted: line ends that are not within quotes."""
    ends, quotes = -1, 0
    with path.open("rb") as file:
        while text := file.read(BLOCK_SIZE):
            if quotes % 2 == 0 and QUOTE not in text:
                ends += text.count(_FEED)
                continue
            places = _find(text, QUOTE)
            before = np.searchsorted(places, _find(text, _FEED)) + quotes
            ends += int(np.count_nonzero(before % 2 == 0))
            quotes += len(places)
    return ends


def _buffer(text: bytearray) -> Any:
    return arrow.py_buffer(text)


def _find(text: bytes | bytearray, sign: bytes) -> Places:
    """The places of a sign of one byte."""
    if sign not in text:
        return np.empty(0, np.int64)
    return np.flatnonzero(np.frombuffer(text, np.uint8) == ord(sign))


def _check_quotes(text: bytearray, quotes: Places, delimiter: bytes) -> None:
    """Raises OddText where a quote doesn't enclose a whole value, or isn't one of two within an enclosed one."""
    if len(quotes) % 2:
        raise OddText("a quote is not closed")
    signs = np.frombuffer(text, np.uint8)
    opening, closing = quotes[::2], quotes[1::2]
    before = signs[opening[opening > 0] - 1]
    after = signs[closing[closing < len(text) - 1] + 1]
    edges = np.frombuffer(delimiter + _FEED + QUOTE, np.uint8)
    if not (np.isin(before, edges).all() and np.isin(after, np.append(edges, ord(_RETURN))).all()):
        raise OddText("a quote stands within a value")

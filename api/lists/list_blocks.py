"""The blocks of a list as arrays of Arrow: cut from delimited text, or the groups of rows of Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as arrow  # type: ignore[import-untyped]
import pyarrow.parquet as parquet  # type: ignore[import-untyped]

from leadledger.api.lists.csv_blocks import (
    BLOCK_SIZE,
    CODES,
    BrokenRow,
    CodedTexts,
    OddText,
    check_block,
    cut_blocks,
    parse_block,
    split_rows,
)
from leadledger.training.sources.scan import SourceFile

MOST_BYTES_IN_GROUP = 256 << 20  # of a group of rows of Parquet, unpacked: as much as a thread may hold
_PLAIN = (
    *(arrow.string(), arrow.bool_(), arrow.date32(), arrow.float32(), arrow.float64()),
    *(arrow.int8(), arrow.int16(), arrow.int32(), arrow.int64()),
    *(arrow.uint8(), arrow.uint16(), arrow.uint32(), arrow.uint64()),
    *(arrow.timestamp("us"), arrow.timestamp("us", "UTC"), CODES),
)
_WIDE_TEXTS = (arrow.large_string(), arrow.string_view())  # as pandas and Polars have them


@dataclass(frozen=True)
class ListBlock:
    """Some rows of a list: its columns, the rows as texts, where they are asked for, and the broken rows among them,
    which do not count. `share` of the list is done with it.
    """

    rows: int
    columns: Mapping[str, arrow.Array]
    lines: CodedTexts | None
    share: float
    broken: Sequence[BrokenRow] = ()


class BlockReader(Protocol):
    """What reads a list in blocks; several threads may read at a time."""

    @property
    def types(self) -> Mapping[str, arrow.DataType]:
        """The type of each column in a block."""

    @property
    def coded(self) -> Sequence[str]:
        """The columns of which each distinct text is numbered."""

    def list_parts(self) -> Iterator[Any]:
        """The parts of the list, in their order, as `read` takes them."""

    def read(self, part: Any) -> ListBlock:
        """A part as a block. Raises OddText."""


class TextReader:
    """Reads delimited text; with `has_lines` also the rows as they stand there."""

    def __init__(self, source: SourceFile, columns: Sequence[str], plain: Sequence[str], has_lines: bool) -> None:
        self._source, self._has_lines = source, has_lines
        self.coded = [name for name in columns if name not in plain]
        self.types = {name: CODES if name in self.coded else arrow.string() for name in columns}

    def list_parts(self) -> Iterator[tuple[bytearray, bytes, float]]:
        """The bytes of blocks, how their lines end, and which share of the list is done with each."""
        size, done = self._source.path.stat().st_size, 0
        for text, line_end in cut_blocks(self._source.path, BLOCK_SIZE):
            done += len(text)
            yield text, line_end, done / size

    def read(self, part: tuple[bytearray, bytes, float]) -> ListBlock:
        """A block of text, parsed."""
        text, line_end, share = part
        assert self._source.style is not None
        block = check_block(text, line_end, self._source.style.delimiter)
        table, broken = parse_block(block, self._source, self.types)
        lines = split_rows(block, table.num_rows, broken) if self._has_lines else None
        columns = {name: table.column(name).chunk(0) for name in self.types}
        return ListBlock(table.num_rows, columns, lines, share, broken)


class ParquetReader:
    """Reads the groups of rows of a Parquet file. Raises OddText where it can't be taken as it is."""

    def __init__(self, source: SourceFile, columns: Sequence[str], plain: Sequence[str]) -> None:
        self._source, self._columns = source, [*columns]
        try:
            self._metadata = parquet.read_metadata(source.path)
        except (arrow.ArrowException, OSError) as error:
            raise OddText(str(error)) from None
        if any(group.total_byte_size > MOST_BYTES_IN_GROUP for group in self._groups()):
            raise OddText("a group of rows is too large")
        schema = self._metadata.schema
        self._places = {schema.column(place).path: place for place in range(len(schema))}
        if not self._places.keys() >= {*columns}:
            raise OddText("a column has members")
        self.coded = [name for name in columns if name not in plain and self._has_dictionary(name)]
        fields = self._open().schema_arrow
        self.types = {name: _find_type(fields.field(name).type) for name in columns}
        for name, kind in self.types.items():
            if kind not in _PLAIN:
                raise OddText(f"the column {name} is {kind}")

    def list_parts(self) -> Iterator[tuple[int, float]]:
        """The numbers of the groups, and which share of the list is done with each."""
        done = 0
        for number, group in enumerate(self._groups()):
            done += group.num_rows
            if group.num_rows:
                yield number, done / self._metadata.num_rows

    def read(self, part: tuple[int, float]) -> ListBlock:
        """A group of rows."""
        number, share = part
        # A handle for each: no two threads may read from one.
        try:
            table = self._open().read_row_group(number, columns=self._columns, use_threads=False).combine_chunks()
        except (arrow.ArrowException, OSError) as error:
            raise OddText(str(error)) from None
        columns = {name: table.column(name).chunk(0).cast(kind) for name, kind in self.types.items()}
        for column in columns.values():
            _check_texts(column)
        return ListBlock(table.num_rows, columns, None, share)

    def _open(self) -> Any:
        return parquet.ParquetFile(self._source.path, metadata=self._metadata, read_dictionary=self.coded)

    def _groups(self) -> list[Any]:
        return [self._metadata.row_group(number) for number in range(self._metadata.num_row_groups)]

    def _has_dictionary(self, name: str) -> bool:
        """Whether the texts of a column are numbered in the file."""
        place = self._places[name]
        if self._metadata.schema.column(place).physical_type != "BYTE_ARRAY":
            return False
        return all(group.column(place).has_dictionary_page for group in self._groups())


def _find_type(kind: arrow.DataType) -> arrow.DataType:
    """The type that a block has for a type of the file: texts are of one type."""
    if arrow.types.is_dictionary(kind):
        return CODES if _find_type(kind.value_type) == arrow.string() else kind
    return arrow.string() if kind in _WIDE_TEXTS else kind


def _check_texts(column: arrow.Array) -> None:
    """Raises OddText where a text is not UTF-8."""
    texts = column.dictionary if isinstance(column, arrow.DictionaryArray) else column
    try:
        texts.validate(full=True)
    except arrow.ArrowInvalid:
        raise OddText("there is text that is not UTF-8") from None

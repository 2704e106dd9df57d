"""The rows of a list with a value that can't be read, kept in a file until it is known how to word them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as arrow  # type: ignore[import-untyped]

from leadledger.training.sources.scan import ROW

MOST_ROWS_WORDED = 1000  # rows that Python words at a time


class BadRows:
    """The rows with a value that can't be read, kept in a file until it is known how to word them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._stream: Any = None

    def add(self, bad: arrow.Table | None, before: int) -> None:
        """Add the bad rows of a block, which follows so many rows."""
        if bad is None:
            return
        bad = bad.set_column(0, ROW, arrow.array(bad.column(ROW).to_numpy() + before + 1))
        if self._stream is None:
            self._stream = arrow.ipc.new_stream(str(self.path), bad.schema)
        self._stream.write_table(bad, MOST_ROWS_WORDED)
        self.rows += bad.num_rows

    def close(self) -> None:
        """Finish the file."""
        if self._stream is not None:
            self._stream.close()

    def list_rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows by their numbers, from 1, with what they hold."""
        if not self.rows:
            return
        with self.open() as stream:
            for batch in stream:
                for lead in batch.to_pylist():
                    yield lead.pop(ROW), lead

    def open(self) -> Any:
        """The rows as Arrow reads them, batch by batch; there must be one."""
        return arrow.ipc.open_stream(arrow.OSFile(str(self.path)))

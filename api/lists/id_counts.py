"""Ids that a list has more than once, counted in the blocks of the list."""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as arrow  # type: ignore[import-untyped]

from leadledger.api.lists.duplicate_ids import hash_id

MOST_WAITING = 500_000  # ids that are hashed at a time
_HASHES = f"SELECT {hash_id('id')} AS hash FROM ll_ids"


class IdCounts:
    """The ids of a list, of which eight bytes each are kept."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection.cursor()
        ((self._missing,),) = self._connection.execute("SELECT hash(CAST(NULL AS VARCHAR))").fetchall()
        self._waiting: list[arrow.Array] = []
        self._hashes: list[npt.NDArray[np.uint64]] = []

    def add(self, ids: arrow.Array | None) -> None:
        """Add the ids of a block; None: the list has none."""
        if ids is None:
            return
        self._waiting.append(ids)
        if sum(map(len, self._waiting)) > MOST_WAITING:
            self._hash()

    def count_duplicates(self) -> int:
        """How many rows have an id that an earlier row had, as `duplicate_ids.count_duplicates` has it."""
        self._hash()
        hashes = np.empty(sum(map(len, self._hashes)), np.uint64)
        start = len(hashes)
        while self._hashes:  # each is let go when it is copied
            part = self._hashes.pop()
            start -= len(part)
            hashes[start : start + len(part)] = part
        hashes.sort()
        return int(np.count_nonzero(hashes[1:] == hashes[:-1]))

    def _hash(self) -> None:
        if not self._waiting:
            return
        self._connection.register("ll_ids", arrow.table({"id": arrow.chunked_array(self._waiting)}))
        self._waiting = []
        hashes = np.asarray(self._connection.execute(_HASHES).fetchnumpy()["hash"], np.uint64)
        self._hashes.append(hashes[hashes != self._missing])

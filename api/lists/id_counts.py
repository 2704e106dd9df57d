"""Ids that a list has more than once, counted in the blocks of the list."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as arrow  # type: ignore[import-untyped]
import pyarrow.compute as compute  # type: ignore[import-untyped]

from leadledger.scoring.arrays.text_words import LONGEST_TEXT, hash_words, read_words

Hashes = npt.NDArray[np.uint64]


class IdCounts:
    """The ids of a list, of which eight bytes each are kept."""

    def __init__(self) -> None:
        self._hashes: list[Hashes] = []

    def add(self, hashes: Hashes) -> None:
        """Add the ids of a block, as `hash_ids` gives them."""
        self._hashes.append(hashes)

    def count_duplicates(self) -> int:
        """How many rows have an id that an earlier row had, as `duplicate_ids.count_duplicates` has it."""
        hashes = np.empty(sum(map(len, self._hashes)), np.uint64)
        start = len(hashes)
        while self._hashes:  # each is let go when it is copied
            part = self._hashes.pop()
            start -= len(part)
            hashes[start : start + len(part)] = part
        hashes.sort(kind="stable")  # which merges parts that are sorted
        return int(np.count_nonzero(hashes[1:] == hashes[:-1]))


def hash_ids(ids: Any) -> Hashes:
    """The sorted hashes of the ids of a block, an array of Arrow, without spaces around them; of a missing one none."""
    texts = compute.utf8_trim(ids.cast(arrow.string()), " ").fill_null("")
    words = read_words(texts)
    if words is not None:
        hashes: Hashes = hash_words(words)[words[0] != 0]
        hashes.sort()
        return hashes
    listed = texts.to_pylist()
    is_odd = np.array([len(text.encode()) > LONGEST_TEXT or "\0" in text for text in listed], bool)
    odd = np.array([hash(text) for text, odd in zip(listed, is_odd, strict=True) if odd], np.int64).view(np.uint64)
    return np.concatenate([odd, hash_ids(texts.filter(arrow.array(~is_odd)))])

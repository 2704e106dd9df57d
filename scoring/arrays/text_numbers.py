"""The distinct texts of a column by numbers that stay the same from block to block: each is made a string only once.

The texts of a block are looked up together: the hash of a text gives its slot in a table, and the words in the slot
tell whether it is the same text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as arrow  # type: ignore[import-untyped]

from leadledger.scoring.arrays.coded import Items
from leadledger.scoring.arrays.text_words import hash_words, read_words

MOST_TEXTS = 1 << 16  # that are numbered; a column of more has few that come again
FEWEST_TEXTS = 1 << 10  # that are numbered in any case
_NO_TEXT = 1  # the number of None
_ROWS_PER_TEXT = 4  # of a block, at least, for each of its texts that is new
_SLOTS_PER_TEXT = 8  # so that few texts share one
_FEWEST_SLOTS = 1 << 12


@dataclass(frozen=True)
class NumberedTexts:
    """The texts of some rows, `texts[codes[i]]`, which may be None; the first `size` texts are those known by now."""

    codes: Items
    texts: Sequence[str | None]
    size: int

    def __len__(self) -> int:
        return len(self.codes)


class TextNumbers:
    """Numbers the texts of a column, block by block; several threads may use it."""

    def __init__(self) -> None:
        self._texts: list[str | None] = ["", None]
        self._is_full = False
        self._lock = Lock()
        self._slots = _Slots(_FEWEST_SLOTS, 1)

    def number(self, column: Any) -> NumberedTexts | None:
        """The texts of an array of Arrow, or of its dictionary, by their numbers.

        None where numbers don't pay: for long texts, and for all blocks from the one on that has too many new ones.
        """
        if self._is_full:
            return None
        if not isinstance(column, arrow.DictionaryArray):
            column = column.dictionary_encode()
        numbers = self._number_dictionary(column.dictionary, len(column))
        if numbers is None:
            return None
        indices = column.indices.fill_null(len(numbers)) if column.indices.null_count else column.indices
        return NumberedTexts(np.append(numbers, _NO_TEXT).take(indices.to_numpy()), self._texts, len(self._texts))

    def _number_dictionary(self, texts: Any, rows: int) -> Items | None:
        """The numbers of different texts, which are those of so many rows."""
        words = read_words(texts)
        if words is None or texts.null_count:
            return None
        hashes = hash_words(words)
        numbers, absent = self._slots.find(words, hashes)
        while len(absent):
            lacking = [word[absent] for word in words]
            if not self._add(lacking, hashes[absent], texts.take(arrow.array(absent)), rows):
                return None
            numbers[absent], still = self._slots.find(lacking, hashes[absent])
            absent = absent[still]
        return numbers

    def _add(self, words: Sequence[Items], hashes: Items, texts: Any, rows: int) -> bool:
        """Number texts that had no number, of several with the same hash the first; False where they are too many."""
        with self._lock:
            _, new = self._slots.find(words, hashes)  # by now, another thread may have added some
            _, examples = np.unique(hashes[new], return_index=True)
            new = new[examples]
            first = len(self._texts)
            if first + len(new) > MOST_TEXTS or len(new) > max(FEWEST_TEXTS, rows // _ROWS_PER_TEXT):
                self._is_full = True
                return False
            self._texts += texts.take(arrow.array(new)).to_pylist()
            # Others may be looking up: the table that they have stays as it is.
            self._slots = self._slots.with_texts([word[new] for word in words], hashes[new], first)
            return True


class _Slots:
    """A hash table of texts by their words. A slot has the number of its text; 0: it is free, but the first never is.

    An empty text is all zeros, as its hash: it has the first slot, and the number 0.
    """

    def __init__(self, size: int, width: int) -> None:
        self._size = size
        self._shift = np.uint64(65 - size.bit_length())
        self._words = [np.zeros(size, np.uint64) for _ in range(width)]
        self._numbers = np.zeros(size, np.intp)

    def find(self, words: Sequence[Items], hashes: Items) -> tuple[Items, Items]:
        """The numbers of some texts, and the places of those that have none."""
        at = (hashes >> self._shift).view(np.intp)
        numbers = self._numbers.take(at)
        others = np.flatnonzero(self._differ(at, words))
        absent = [others[:0]]
        while len(others):  # on to the next slot, up to a free one
            is_free = (numbers[others] == 0) & (at[others] != 0)
            absent.append(others[is_free])
            others = others[~is_free]
            at[others] = (at[others] + 1) % self._size
            numbers[others] = self._numbers[at[others]]
            others = others[self._differ(at[others], [word[others] for word in words])]
        return numbers, np.concatenate(absent)

    def with_texts(self, words: Sequence[Items], hashes: Items, first: int) -> _Slots:
        """A table with more texts, whose numbers begin with `first`."""
        size, width = self._size, max(len(words), len(self._words))
        while size < _SLOTS_PER_TEXT * (first + len(hashes)):
            size *= 2
        table = _Slots(size, width)
        taken = np.flatnonzero(self._numbers)
        own = [word[taken] for word in self._words]
        table._place(own, hash_words(own), self._numbers[taken])
        table._place(words, hashes, np.arange(first, first + len(hashes)))
        return table

    def _differ(self, at: Items, words: Sequence[Items]) -> Items:
        """Whether the texts in some slots are others than these."""
        differ: Items = self._words[0].take(at) != words[0]
        for own, word in zip(self._words[1:], words[1:], strict=False):
            differ |= own.take(at) != word
        for own in self._words[len(words) :]:
            differ |= own.take(at) != 0
        for word in words[len(self._words) :]:
            differ |= word != 0
        return differ

    def _place(self, words: Sequence[Items], hashes: Items, numbers: Items) -> None:
        """Give each of some texts the first slot that is free."""
        at = (hashes >> self._shift).view(np.intp)
        waiting = np.arange(len(hashes))
        while len(waiting):
            is_free = (self._numbers[at[waiting]] == 0) & (at[waiting] != 0)
            candidates = waiting[is_free]
            _, of_slots = np.unique(at[candidates], return_index=True)
            placed = candidates[of_slots]
            self._numbers[at[placed]] = numbers[placed]
            for own, word in zip(self._words, words, strict=False):
                own[at[placed]] = word[placed]
            waiting = np.setdiff1d(waiting, placed, assume_unique=True)
            at[waiting] = (at[waiting] + 1) % self._size

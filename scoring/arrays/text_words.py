"""Texts as words: eight bytes of each are one integer, so that NumPy compares and hashes those of all rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as arrow  # type: ignore[import-untyped]

from leadledger.scoring.arrays.coded import Items

LONGEST_TEXT = 64  # bytes of a text that is taken as words
_SIZE = 8  # bytes of a word
# The bits of each word that belong to a text, by the length of the text.
_MASKS = np.array(
    [
        [(1 << 8 * min(max(length - start, 0), _SIZE)) - 1 for length in range(LONGEST_TEXT + 1)]
        for start in range(0, LONGEST_TEXT, _SIZE)
    ],
    np.uint64,
)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no two words have the same product
_SHIFT = np.uint64(32)


def read_words(texts: Any) -> list[Items] | None:
    """The first words of all texts of an array of Arrow, the second, and so on; beyond the end of a text they are 0.

    None where a text is too long, or has a NUL, so that two texts could have the same words.
    """
    data, starts, lengths = _find_bytes(texts)
    longest = int(lengths.max(initial=0))
    if longest > LONGEST_TEXT or not data[: len(data) - LONGEST_TEXT].all():
        return None
    count = max(1, -(-longest // _SIZE))
    size = count * _SIZE
    # Each item of this view is the bytes from one place on. Only an index takes some without a copy of the whole view.
    from_each = np.ndarray(len(data) - size + 1, f"V{size}", data, strides=(1,))
    words = from_each[starts].view("<u8").reshape(-1, count)
    return [words[:, place] & _MASKS[place].take(lengths) for place in range(count)]


def find_first_bytes(texts: Any) -> Items:
    """The first byte of each text of an array of Arrow; of an empty one any."""
    data, starts, _ = _find_bytes(texts)
    return data.take(starts)


def hash_words(words: Sequence[Items]) -> Items:
    """The hashes of texts by their words; that of an empty text is 0. Of one word each, no two are the same."""
    hashes = _mix(words[0])
    for word in words[1:]:
        hashes = np.where(word == 0, hashes, _mix(hashes ^ word))
    return hashes


def _mix(numbers: Items) -> Items:
    """Numbers whose upper bits depend on all bits; no two become the same."""
    mixed: Items = numbers * _MULTIPLIER
    mixed ^= mixed >> _SHIFT
    mixed *= _MULTIPLIER
    return mixed


def _find_bytes(texts: Any) -> tuple[Items, Items, Items]:
    """The bytes of texts, with as many zeros behind them as a text may have; where each text starts, and its length."""
    _, offsets, data = texts.buffers()
    kind = np.int64 if arrow.types.is_large_string(texts.type) else np.int32
    padding = np.zeros(LONGEST_TEXT, np.uint8)
    if data is None or not len(texts):
        return padding, np.zeros(len(texts), kind), np.zeros(len(texts), kind)
    ends = np.frombuffer(offsets, kind)[texts.offset : texts.offset + len(texts) + 1]
    own = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
    return np.concatenate([own, padding]), ends[:-1] - ends[0], np.diff(ends)

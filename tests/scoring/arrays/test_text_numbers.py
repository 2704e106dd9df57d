"""Texts by numbers: the same text has the same number in every block, and another text never has it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as arrow  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.arrays.text_numbers import FEWEST_TEXTS, MOST_TEXTS, TextNumbers
from leadledger.scoring.arrays.text_words import LONGEST_TEXT, hash_words, read_words
from tests.effort import examples

# Texts that differ in any place: in their first bytes, their last, their lengths, at the ends of words of eight bytes.
TEXTS = st.text("ab ü€", max_size=20) | st.sampled_from(
    ["12345678", "123456789", "1234567812345678", "x" * 64, "ü" * 32]
)
COLUMNS = st.lists(st.none() | TEXTS, max_size=12)
KINDS = {
    "texts": arrow.string(),
    "long": arrow.large_string(),
    "coded": arrow.dictionary(arrow.int32(), arrow.string()),
}


def read(numbers: TextNumbers, column: arrow.Array) -> list[str | None]:
    """The texts of a column by their numbers; each must have its own."""
    numbered = numbers.number(column)
    assert numbered is not None
    assert len(numbered) == len(column)
    assert len(set(numbered.texts[: numbered.size])) == numbered.size
    return [numbered.texts[code] for code in numbered.codes.tolist()]


@settings(max_examples=examples(200))
@given(st.lists(COLUMNS, max_size=4), st.sampled_from([*KINDS]), st.integers(0, 2))
def test_numbers_stand_for_texts(columns: list[list[str | None]], kind: str, left_out: int) -> None:
    """What is read back by the numbers are the texts, block after block, of parts of arrays, too."""
    numbers = TextNumbers()
    for texts in columns:
        array = arrow.array(texts, arrow.string())
        column = (array.dictionary_encode() if kind == "coded" else array.cast(KINDS[kind]))[left_out:]
        assert read(numbers, column) == texts[left_out:]


def test_many_texts() -> None:
    """Tables grow, and texts that share a slot, or differ in their eighth bytes alone, keep apart."""
    numbers = TextNumbers()
    texts = [f"{first:07}{chr(33 + place)}{first:07}{chr(126 - place)}" for first in range(250) for place in range(80)]
    for start in range(0, len(texts), 900):
        part = texts[start : start + 900]
        assert read(numbers, arrow.array(part * 4)) == part * 4
    assert read(numbers, arrow.array(texts)) == texts


def test_threads_share_numbers() -> None:
    """Several threads that meet the same new texts at a time give each one number."""
    numbers = TextNumbers()
    columns = [arrow.array([f"text {i % 700}" for i in range(start, start + 3000)]) for start in range(0, 9000, 100)]
    with ThreadPoolExecutor(8) as pool:
        results = [*pool.map(numbers.number, columns)]
    for column, result in zip(columns, results, strict=True):
        assert result is not None
        assert [result.texts[code] for code in result.codes.tolist()] == column.to_pylist()
    assert len({*results[-1].texts}) == len(results[-1].texts) == 702  # type: ignore[union-attr]


@pytest.mark.parametrize("text", [pytest.param("x" * (LONGEST_TEXT + 1), id="long"), pytest.param("a\0", id="NUL")])
def test_odd_texts_have_no_numbers(text: str) -> None:
    """A block with a text that words can't tell from all others is left as it is; the next one isn't."""
    numbers = TextNumbers()
    assert numbers.number(arrow.array(["a", text])) is None
    assert read(numbers, arrow.array(["a", "b"])) == ["a", "b"]


@pytest.mark.parametrize(
    ("blocks", "texts"),
    [
        pytest.param(1, FEWEST_TEXTS + 1, id="most are new"),
        pytest.param(-(-MOST_TEXTS // FEWEST_TEXTS), FEWEST_TEXTS, id="too many"),
    ],
)
def test_columns_of_many_texts_have_no_numbers(blocks: int, texts: int) -> None:
    """A column whose texts hardly come again is left as it is, from then on."""
    numbers = TextNumbers()
    for block in range(blocks):
        last = numbers.number(arrow.array([f"{block} {i}" for i in range(texts)]))
    assert last is None
    assert numbers.number(arrow.array(["a"])) is None


def test_hashes_tell_texts_apart() -> None:
    """Ids that differ in the ends of two words alone have different hashes."""
    signs = [*map(chr, range(33, 123))]
    texts = arrow.array([f"0000000{first}0000000{last}" for first in signs for last in signs])
    words = read_words(texts)
    assert words is not None
    assert len(np.unique(hash_words(words))) == len(texts)

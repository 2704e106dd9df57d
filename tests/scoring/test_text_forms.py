"""Texts: which of them count as the same, in Python and, letter by letter, in DuckDB."""

from __future__ import annotations

import unicodedata

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB
from leadledger.scoring.text_forms import (
    BLANKS,
    INVISIBLE,
    LOWER,
    NOTHING_WORDS,
    WHITE_SPACE,
    all_letters,
    fold,
    key_of,
    letters_of,
    strip,
)

SIGNS = [chr(code) for code in (*range(1, 0x3400), *range(0xA640, 0xAC00), *range(0xF900, 0x10500))]


def test_every_sign_has_one_key_in_each_form() -> None:
    """A sign and its parts, or its twin, have the same key, and a key has itself for a key."""
    for sign in SIGNS:
        key = key_of(sign)
        assert key_of(unicodedata.normalize("NFD", sign)) == key, ascii(sign)
        assert key_of(key) == key, ascii(sign)


def test_the_table_is_one_sign_for_one() -> None:
    """Each pair is of single signs, and no lower letter is an upper one."""
    for upper, lower in LOWER.items():
        assert len(upper) == len(lower) == 1
        assert lower not in LOWER
    assert all(key_of(word) == word for word in NOTHING_WORDS)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Norway", "NORWAY"),
        ("Norway", "\u00a0norway\u2003"),
        ("Norway", "\u200bNor\u00adway\ufeff"),
        ("trade fair", "Trade\u00a0Fair"),
        ("Łódź", "ŁÓDŹ"),
        ("café", "CAFE\u0301"),
        ("Ålesund", "A\u030aLESUND"),
        ("Ålesund", "\u212blesund"),
        ("Việt Nam", "vie\u0302\u0323t nam"),
        ("Ивановъ", "ИВАНОВЪ"),
        ("Йод", "\u0418\u0306ОД"),  # noqa: RUF001  # Cyrillic
        ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
        ("İzmir", "IZMIR"),
        ("İzmir", "I\u0307zmir"),
        ("straße", "STRAẞE"),
        ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
    ],
)
def test_the_same(first: str, second: str) -> None:
    """Case, form, blanks and invisible signs make no other text."""
    assert key_of(first) == key_of(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("straße", "STRASSE"),
        ("\u0131lgaz", "ILGAZ"),
        ("é", "e"),
        ("a b", "a  b"),
        ("ab", "a b"),
        ("a\tb", "a b"),
        ("Oil & Gas", "Oil &amp; Gas"),
        ("№", "No"),
        ("½", "1/2"),
    ],
)
def test_not_the_same(first: str, second: str) -> None:
    """What looks or means alike is another text all the same."""
    assert key_of(first) != key_of(second)


def test_strip_takes_what_a_key_takes_off_the_ends() -> None:
    """A text is empty once its ends are off where its key is empty, and nothing inside changes."""
    assert strip(WHITE_SPACE + BLANKS + INVISIBLE) == key_of(BLANKS + INVISIBLE + WHITE_SPACE) == ""
    assert strip("\u200b Oil\u00a0&\u200bGas \ufeff") == "Oil\u00a0&\u200bGas"


TEXTS = st.text(
    st.sampled_from([*"aAeEiIsSßẞéÉkK \t;`", *"\u0301\u0307\u0323\u00a0\u200b\u212a\u0131İς\u03c3ΣйЙ\U0001f600"]),
    max_size=8,
)


@given(texts=st.lists(TEXTS, min_size=20, max_size=20), keys=st.frozensets(TEXTS.map(key_of), min_size=1, max_size=4))
def test_fewer_letters_find_the_same(texts: list[str], keys: frozenset[str]) -> None:
    """In DuckDB, the letters that matter for some keys find them, whole or as parts, exactly where the table does."""
    parts = frozenset(key for key in keys if key)
    whole = DUCKDB.tidy("x", letters_of(keys))
    part = DUCKDB.fold("x", letters_of(parts, parts=True))
    every = DUCKDB.fold("x", all_letters())
    with duckdb.connect() as duck:
        rows = duck.execute(
            f"SELECT x, {whole}, {part}, {every}, {DUCKDB.strip('x')} FROM (SELECT unnest(?) AS x)", [texts]
        ).fetchall()
    for text, tidied, searched, folded, stripped in rows:
        assert folded == fold(text)
        assert stripped == strip(text)
        assert {key for key in keys if key == tidied} == {key for key in keys if key == key_of(text)}
        assert {key for key in parts if key in searched} == {key for key in parts if key in fold(text)}


@pytest.mark.slow
def test_every_letter_is_folded_alike_in_duckdb() -> None:
    """DuckDB folds each sign as Python does, both by the table and by its own lower case, where that serves."""
    letters = frozenset({key_of("".join(LOWER))})
    assert letters_of(letters).is_plain
    with duckdb.connect() as duck:
        rows = duck.execute(
            f"SELECT x, {DUCKDB.fold('x', all_letters())}, {DUCKDB.fold('x', letters_of(letters))}"
            " FROM (SELECT unnest(?) AS x)",
            [SIGNS],
        ).fetchall()
    known = set("".join(letters))
    for sign, by_table, by_lower in rows:
        assert by_table == fold(sign), ascii(sign)
        assert (by_lower in known) == (fold(sign) in known), ascii(sign)


def test_letters_beyond_the_table_keep_to_it() -> None:
    """Where a key has a letter whose case is not in the table, lower() would say too much, so the table is printed."""
    dialect: Dialect = DUCKDB
    georgian = "\u2d00"
    assert not letters_of(frozenset({georgian})).is_plain
    assert "lower(regexp" not in dialect.fold("x", letters_of(frozenset({georgian})))

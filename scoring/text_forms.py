"""Texts: which of them count as the same.

Two texts are the same where their keys are: `fold` puts every letter in lower case, takes out the signs that nobody
sees, makes a plain space of every blank and puts marks and letters together (NFC); white space at the ends is taken off
a key. What is shown is the text as it came, or the spelling of the same key that the card or a learned table uses.

One table of single characters, the same in every place and every engine, says which letter is the lower case of which.
Three letters have no such pair in every language: the Turkish `İ` is an `i`, with or without its dot as a mark; the
small sigma of Greek is the same at the end of a word; and `ß` stays itself, whose capital is `ẞ`, and not `SS`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from unicodedata import normalize

WHITE_SPACE = " \t\n\r\f\v"
# From where to where; all of them look like a space or a line end.
BLANK_RANGES = (
    *((0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F)),
    *((0x205F, 0x205F), (0x2800, 0x2800), (0x3000, 0x3000), (0x3164, 0x3164), (0xFFA0, 0xFFA0)),
)
# Soft hyphens, joiners, marks of direction, selectors of a glyph's form, byte-order marks and the like.
INVISIBLE_RANGES = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E)),
    *((0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB)),
)
# The letters that have a lower case: Latin, Greek, Cyrillic, Armenian, and Latin of full width.
_LETTER_RANGES = ((0x41, 0x5A), (0xC0, 0x556), (0x1E00, 0x1FFF), (0xFF21, 0xFF3A))
DOTTED_I, FINAL_SIGMA, SIGMA = "İ", "ς", "\u03c3"
DOT_ABOVE = "\u0307"
_FOREIGN_LETTER = "\u2d00"  # one that has a capital, and is not in the table
# Signs that stand for another one by itself: the Kelvin, the Ångström, the Ohm, and three of Greek.
_TWINS = {"\u212a": "k", "\u212b": "å", "\u2126": "ω", "\u037e": ";", "\u1fef": "`", "\u0387": "·"}


def _span(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(chr(code) for first, last in ranges for code in range(first, last + 1))


BLANKS, INVISIBLE = _span(BLANK_RANGES), _span(INVISIBLE_RANGES)
LOWER = {
    **{letter: letter.lower() for letter in _span(_LETTER_RANGES) if letter.lower() != letter},
    # The Greek letters with an accent that have a twin, which is in the table.
    **{letter: normalize("NFC", letter.lower()) for letter in "\u1fbb\u1fc9\u1fcb\u1fdb\u1feb\u1ff9\u1ffb"},
    **_TWINS,
    DOTTED_I: "i",
    FINAL_SIGMA: SIGMA,
}
_OUTER = WHITE_SPACE + BLANKS + INVISIBLE
_TABLE: dict[int, str | None] = {
    **{ord(letter): lower for letter, lower in LOWER.items()},
    **dict.fromkeys(map(ord, BLANKS), " "),
    **dict.fromkeys(map(ord, INVISIBLE)),
}
# The usual words for nothing, as keys: of people, of databases, of pandas, of spreadsheets and of CRMs.
NOTHING_WORDS = frozenset(
    {
        *("null", "(null)", "<null>", "\\n", "nil", "none", "(none)", "--none--", "nan", "<na>", "nat", "undefined"),
        *("n/a", "n.a.", "n.a", "#n/a", "#n/a n/a", "-", "--", "---", "–", "—", "?", "(blank)", "(empty)"),
        *("(not set)", "not set", "unknown", "(unknown)", "not available", "not applicable", "not provided"),
        *("not specified", "unspecified", "(no value)", "no value"),
    }
)

# Signs that stand between words, in texts as `fold` gives them. Letters, digits and what is not listed make words.
WORD_SEPARATORS = "\t\n\r\f\v!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~«»–—‘’‚“”„•…·"  # noqa: RUF001  # quotes as they are printed


def fold(text: str) -> str:
    """A text as it is compared, but for white space at its ends: what it takes to find a part of it."""
    if text.isascii():
        return text.lower()
    return normalize("NFC", text.translate(_TABLE).replace(f"i{DOT_ABOVE}", "i"))


def key_of(text: str) -> str:
    """What tells whether two texts are the same: `fold`, without white space at the ends."""
    return fold(text).strip(WHITE_SPACE)


def strip(text: str) -> str:
    """A text without white space and signs that nobody sees at its ends."""
    return text.strip(WHITE_SPACE if text.isascii() else _OUTER)


@dataclass(frozen=True)
class Letters:
    """What of the table it takes to find some keys, or parts of them; the rest of it would change nothing.

    `upper[i]` is folded to `lower[i]`; `is_plain`: so does Unicode's simple lower case, of these and no other signs.
    `has_i`: an `i` may come with its dot as a mark. `composes`: marks must be put together with their letters (NFC),
    which for these keys means: each of `composed` for its sign.
    """

    upper: str
    lower: str
    is_plain: bool
    has_i: bool
    composes: bool
    composed: tuple[tuple[str, str], ...]


@lru_cache(maxsize=1024)
def letters_of(keys: frozenset[str], *, parts: bool = False) -> Letters:
    """What of the table it takes to find `keys`; `parts`: as parts of texts, where `e` is none of `é`."""
    signs = set("".join(keys))
    needed = set(normalize("NFD", "".join(keys))) | signs
    pairs = [(upper, lower) for upper, lower in LOWER.items() if needed.issuperset(normalize("NFD", lower))]
    if parts:
        needed.update(WORD_SEPARATORS)
        # What a mark behind the last letter makes of it.
        last = {key[-1] for key in keys if key}
        signs |= {sign for sign in list_composites() if normalize("NFC", normalize("NFD", sign)[:-1]) in last}
    return _make_letters(pairs, needed, signs, composes=parts or not are_plain(keys))


@lru_cache(maxsize=1)
def all_letters() -> Letters:
    """The whole table, for texts that are compared with each other."""
    signs = set(LOWER.values()) | set(list_composites())
    return _make_letters(list(LOWER.items()), set(LOWER.values()) | {_FOREIGN_LETTER}, signs, composes=True)


def are_plain(keys: Iterable[str]) -> bool:
    """Whether keys hold nothing but ASCII and punctuation, which have one form alone."""
    return all(sign.isascii() or sign in WORD_SEPARATORS for key in keys for sign in key)


def _make_letters(pairs: list[tuple[str, str]], needed: set[str], signs: set[str], *, composes: bool) -> Letters:
    upper, lower = "".join(upper for upper, _ in pairs), "".join(lower for _, lower in pairs)
    foreign = [sign for sign in needed if sign.upper() != sign == sign.upper().lower() and sign not in lower]
    composed = [(sequence, sign) for sign in sorted(signs) for sequence in _list_sequences(sign)] if composes else []
    return Letters(
        upper,
        lower,
        not foreign,
        "i" in needed,
        composes,
        tuple(sorted(composed, key=lambda pair: (-len(pair[0]), pair))),
    )


@lru_cache(maxsize=1)
def list_composites() -> tuple[str, ...]:
    """The lower-case signs of Latin, Greek and Cyrillic that are a letter and its marks."""
    signs = map(chr, (*range(0xC0, 0x500), *range(0x1E00, 0x2000)))
    lower = (sign for sign in signs if sign not in LOWER and normalize("NFC", sign) == sign)
    return tuple(sign for sign in lower if len(normalize("NFD", sign)) > 1)


def _list_sequences(sign: str) -> list[str]:
    """The ways to write a sign as a letter with its marks, in any order that means the same."""
    whole = normalize("NFD", sign)
    sequences = {
        normalize("NFC", whole[0] + "".join(marks[:joined])) + "".join(marks[joined:])
        for marks in permutations(whole[1:])
        for joined in range(len(whole) - 1)
    }
    return sorted(text for text in sequences if text != sign and normalize("NFC", text) == sign)


def list_separators(part: str) -> str:
    """The signs that stand between the words of a text in which a part is looked for: those that it has not itself.

    So `c++` is a word, and `c` is none of `c++`.
    """
    return "".join(sign for sign in WORD_SEPARATORS if sign not in part)


def part_words(whole: str, part: str) -> str:
    """A folded text with a space for each sign between its words, to look for a whole word in it."""
    return whole.translate(dict.fromkeys(map(ord, list_separators(part)), " "))

"""Texts: which of them count as the same."""

from __future__ import annotations

WHITE_SPACE = " \t\n\r\f\v"

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def fold(text: str) -> str:
    """ASCII letters in lower case, everything else as it is: what every engine agrees on."""
    return text.lower() if text.isascii() else text.translate(_LOWER)  # alike, and the first is faster


# Signs that stand between words, in texts as `fold` gives them. Letters, digits and what is not listed make words.
WORD_SEPARATORS = "\t\n\r\f\v!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~«»–—‘’‚“”„•…·"  # noqa: RUF001  # quotes as they are printed


def list_separators(part: str) -> str:
    """The signs that stand between the words of a text in which a part is looked for: those that it has not itself.

    So `c++` is a word, and `c` is none of `c++`.
    """
    return "".join(sign for sign in WORD_SEPARATORS if sign not in part)


def part_words(whole: str, part: str) -> str:
    """A folded text with a space for each sign between its words, to look for a whole word in it."""
    return whole.translate(dict.fromkeys(map(ord, list_separators(part)), " "))

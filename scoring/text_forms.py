"""Texts: which of them count as the same."""

from __future__ import annotations

WHITE_SPACE = " \t\n\r\f\v"

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def fold(text: str) -> str:
    """ASCII letters in lower case, everything else as it is: what every engine agrees on."""
    return text.lower() if text.isascii() else text.translate(_LOWER)  # alike, and the first is faster

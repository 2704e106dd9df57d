"""Comments in printed code."""

from __future__ import annotations


def comment_text(words: str) -> str:
    """Words that can stand in a comment: on one line, with every sign that isn't printable turned into a space."""
    return "".join(sign if sign.isprintable() else " " for sign in words)

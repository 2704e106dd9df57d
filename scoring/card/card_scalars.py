"""Texts as scalars of YAML, as literals of conditions, and in comments of a card, whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from leadledger.scoring.errors import quote

# What YAML, and the reader of cards, has no place for. In the names of columns these signs don't count.
_REFUSED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?: [A-Za-z0-9_]+)*")
_TYPED_WORDS = frozenset(
    {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
)  # which YAML takes for something else


def can_be_written(text: str) -> bool:
    """Whether a card can hold a text."""
    return bool(text.strip()) and not _REFUSED.search(text)


def find_refused_sign(text: str) -> str:
    """The first sign of a text that a card can't hold; empty where there is none."""
    match = _REFUSED.search(text)
    return match[0] if match else ""


def drop_refused_signs(text: str) -> str:
    """A text without the signs that a card can't hold."""
    return _REFUSED.sub("", text)


def write_scalar(text: str) -> str:
    """A text as a scalar that means this text wherever it stands in YAML."""
    if _PLAIN.fullmatch(text) and text.lower() not in _TYPED_WORDS:
        return text
    return quote_scalar(text)


def quote_scalar(text: str) -> str:
    """A text in double quotes, on one line, each sign one that can be seen."""
    return f'"{"".join(map(_escape, text))}"'


def write_list(texts: Iterable[str]) -> str:
    """Texts as a list of YAML on one line."""
    return f"[{', '.join(map(write_scalar, texts))}]"


def write_record(keys: Mapping[str, str]) -> str:
    """Keys and their values, which are YAML already, as a mapping on one line."""
    return f"{{{', '.join(f'{key}: {value}' for key, value in keys.items())}}}"


def write_literal(text: str) -> str:
    """A text as a literal of a condition."""
    return "'" + text.replace("'", "''") + "'"


def show(text: str) -> str:
    """A text in a comment or a message: in quotes, short, each sign one that can be seen."""
    return quote(text)


def write_comment(text: str) -> str:
    """A text as it may stand behind the `#` of a comment: on one line, without any sign that can't be seen."""
    return "".join(sign if sign.isprintable() else " " if sign in "\n\t" else _escape(sign) for sign in text)


def _escape(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    if sign.isprintable():
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

"""The values of an edit, as YAML on one line or on several, and whether a card has them already."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeAlias

import yaml

from leadledger.scoring.card.card_scalars import find_refused_sign, quote_scalar, write_scalar
from leadledger.scoring.card.condition import join_lines
from leadledger.scoring.errors import CardEditError, quote

# A scalar, a list or a mapping of values. Texts stand for every scalar: "15" is the number 15 where a number belongs.
Value: TypeAlias = str | int | float | bool | date | Sequence["Value"] | Mapping[str, "Value"]

WIDEST_LINE = 120
YES_OR_NO_KEYS = frozenset({"learn", "known_when_scored", "exact", "other", "essential", "best_of", "unknown"})
CONDITION_KEYS = frozenset({"when", "met", "is", "machine", "unless"})
LINE_KEYS = frozenset({"reason", "why", "label", "title", "ask", "uses_protected"})  # white space doesn't count
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_GAP = re.compile("[ \\t\\n]+")
_NULLS = frozenset({"null", "~", ""})
_TYPED_WORDS = frozenset({*_NULLS, "true", "false", "yes", "no", "on", "off", "y", "n"})


def write_text(value: Value, key: str = "") -> str:
    """A scalar as the text that the reader of cards sees."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            if not math.isfinite(value):
                raise CardEditError(f"`{key}` is {value}, which is not a number that a card can hold; give another")
            text = format(Decimal(repr(value)), "f")
            return text.rstrip("0").rstrip(".") if "." in text else text
        case date():
            return value.isoformat()
        case str():
            sign = find_refused_sign(value)
            if sign:
                where = f"`{key}`" if key else "a text"
                raise CardEditError(f"{where} holds the sign {quote(sign)}, which a card can't hold; remove it")
            text = value.replace("\r\n", "\n").replace("\r", "\n")
            return (
                join_lines(text) if key in CONDITION_KEYS else _GAP.sub(" ", text).strip() if key in LINE_KEYS else text
            )
    raise CardEditError(
        f"`{key}` is {_describe(value)}, which a card can't hold here; give a text, a number or yes / no"
    )


def write_inline(value: Value, key: str = "", *, in_flow: bool = False, style: str | None = None) -> str:
    """A value on one line. `style`: the quotes that the old value had."""
    if isinstance(value, Mapping):
        items = (f"{write_scalar(name)}: {write_inline(part, name, in_flow=True)}" for name, part in value.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(write_inline(part, key, in_flow=True) for part in value)}]"
    text = write_text(value, key)
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return text if style != '"' and is_plain(value, key, in_flow=in_flow) else quote_scalar(text)


def is_plain(value: Value, key: str = "", *, in_flow: bool = False) -> bool:
    """Whether a scalar means itself without quotes, to the reader of cards and to other readers of YAML."""
    text = write_text(value, key)
    may_be_word = not isinstance(value, str) or key in YES_OR_NO_KEYS
    if not text.isprintable() or text != text.strip() or ": " in text or " #" in text or text.endswith(":"):
        return False
    if in_flow and any(sign in ",[]{}:?" for sign in text):
        return False
    if text.lower() in _TYPED_WORDS:
        return may_be_word and text.lower() not in _NULLS
    if _NUMBER.fullmatch(text):
        return True
    return (
        text[0].isalpha()
        or text[0] == "("
        or (text[0].isascii() and text[0].isdigit() and " " in text and ":" not in text)
    )


def write_key(key: str, value: Value, indent: int, step: int, style: str | None = None) -> list[str]:
    """A key and its value as lines of a block, without the indentation of the first: it may stand behind a dash."""
    start = f"{write_scalar(key)}:"
    line = f"{start} {write_inline(value, key, style=style)}"
    if indent + len(line) <= WIDEST_LINE:
        return [line]
    inner = " " * (indent + step)
    if isinstance(value, Mapping):
        parts = [write_key(name, part, indent + step, step) for name, part in value.items()]
        return [start, *_join(parts, inner)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = [write_item(part, indent + step, step) for part in value]
        return [start, *_join(items, inner)]
    text = write_text(value, key)
    return [f"{start} >-", *fold(text, indent + step)] if can_be_folded(text) else [line]


def write_item(value: Value, indent: int, step: int) -> list[str]:
    """An entry of a list as lines of a block, without the indentation of the first."""
    if isinstance(value, Mapping) and value and indent + len(write_inline(value)) + 2 > WIDEST_LINE:
        return write_record_item(value, indent, step, 2)
    return [f"- {write_inline(value)}"]


def write_record_item(record: Mapping[str, Value], indent: int, step: int, offset: int) -> list[str]:
    """A record of a list, a key on each line; `offset` is how far its keys stand behind the dash."""
    parts = [write_key(key, value, indent + offset, step) for key, value in record.items()]
    lines = _join(parts, " " * (indent + offset))
    return [f"-{' ' * (offset - 1)}{lines[0].strip(' ')}", *lines[1:]]


def _join(parts: Sequence[Sequence[str]], indent: str) -> list[str]:
    """Lines of parts, the first of each indented; the others are already."""
    return [line for first, *others in parts for line in (indent + first, *others)]


def can_be_folded(text: str) -> bool:
    """Whether a text can be broken between any two words and stay the same."""
    return text.isprintable() and text == " ".join(text.split()) and bool(text)


def fold(text: str, indent: int) -> list[str]:
    """The indented lines of a folded text, those behind `>-`."""
    start = " " * indent
    width = max(WIDEST_LINE, indent + 20)
    return textwrap.wrap(
        text,
        width,
        initial_indent=start,
        subsequent_indent=start,
        break_long_words=False,
        break_on_hyphens=False,
    )


# -- what a card has already ------------------------------------------------------------------------------------------


def read_value(node: yaml.Node) -> Value:
    """The value of a node, each scalar as its text."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): read_value(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [read_value(item) for item in node.value]
    return str(node.value)


def has_value(node: yaml.Node, value: Value, key: str = "") -> bool:
    """Whether a node has a value already, however it is written."""
    if isinstance(value, Mapping):
        if not isinstance(node, yaml.MappingNode):
            return False
        parts = {str(name.value): part for name, part in node.value}
        return (
            len(parts) == len(node.value)
            and parts.keys() == value.keys()
            and all(has_value(part, value[name], name) for name, part in parts.items())
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return (
            isinstance(node, yaml.SequenceNode)
            and len(node.value) == len(value)
            and all(has_value(item, part, key) for item, part in zip(node.value, value, strict=True))
        )
    if not isinstance(node, yaml.ScalarNode):
        return False
    text = write_text(value, key)
    return _normalise(str(node.value), value, key) == _normalise(text, value, key)


def _normalise(text: str, value: Value, key: str) -> str:
    if isinstance(value, bool):
        return {"true": "yes", "false": "no"}.get(text.lower(), text.lower())
    if isinstance(value, int | float):
        return write_text(float(text)) if _NUMBER.fullmatch(text) and "-" not in text[1:] else text
    return write_text(text, key)


def _describe(value: object) -> str:
    return {"NoneType": "nothing", "list": "a list", "dict": "a mapping"}.get(type(value).__name__, quote(value))

"""Choices: several values of one field, the written forms that are read, and how they are kept.

Kept, they are one text: `;crm;erp;`, each choice once and with the separator on both sides, so that "crm is chosen" is
"the text contains `;crm;`" in every engine. Where the card lists `values`, choices have its spelling and its order;
elsewhere they are folded, in the order of their code points.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from leadledger.scoring.errors import UnreadableValue, quote
from leadledger.scoring.field import OTHER_VALUE, Field
from leadledger.scoring.number_forms import find_whole_number
from leadledger.scoring.text_forms import WHITE_SPACE, fold, key_of

# The types of what pandas puts for a missing value, recognised by name since serving never imports pandas.
ABSENT_TYPES = ("NAType", "NaTType")
# What joins the items of a list before anybody looks at the separator; no text that people write holds it.
ITEM_END = "\x1f"
# A JSON list of texts, whole numbers and nulls. Halves of characters and control characters are left out, which engines
# read in different ways. Python, RE2, PostgreSQL and Java read the pattern alike.
_ESCAPE = (
    r"\\(?:[\"\\/bfnrt]|u(?:00[2-9a-fA-F][0-9a-fA-F]|0[1-9a-fA-F][0-9a-fA-F][0-9a-fA-F]"
    r"|[1-9a-cefA-CEF][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F]|[dD][0-7][0-9a-fA-F][0-9a-fA-F]"
    r"|[dD][89abAB][0-9a-fA-F][0-9a-fA-F]\\u[dD][c-fC-F][0-9a-fA-F][0-9a-fA-F]))"
)
_ITEM = rf'(?:"(?:[^"\\\x01-\x1f]|{_ESCAPE})*"|-?(?:0|[1-9][0-9]*)|null)'
LIST_PATTERN = rf"\[[ ]*(?:{_ITEM}(?:[ ]*,[ ]*{_ITEM})*)?[ ]*\]"
NOT_CHOICES = 'is no list of choices; write it like crm;erp or ["crm", "erp"]'

_LIST = re.compile(LIST_PATTERN)


def make_choices_reader(field: Field, missing: frozenset[str]) -> Callable[[Any], str | None]:
    """The function that reads the choices of a field, as they are kept; None where there are none.

    `missing` holds the keys of the texts that mean "not known" in the whole card, each as one of the choices. The usual
    words for nothing do so where they stand alone: one of several is a choice. The function raises UnreadableValue.
    """
    separator = field.separator
    listed = {key_of(value): value for value in field.values}
    absent = missing | field.missing_texts | {""}
    absent_alone = field.find_absent_keys(missing)

    def read_choices(raw: Any) -> str | None:
        parts = [key for key in split_raw(raw, separator) if key not in absent]
        if len(parts) == 1 and parts[0] in absent_alone:
            return None
        keys = dict.fromkeys(parts)
        if not listed:
            return join_choices(sorted(keys), separator)
        chosen = [value for key, value in listed.items() if key in keys]
        unlisted = [key for key in keys if key not in listed]
        if unlisted and not field.other:
            raise UnreadableValue(f"{quote(unlisted[0])} {field.explain_unlisted()}")
        if unlisted and field.other == "yes":
            chosen.append(OTHER_VALUE)
        return join_choices(chosen, separator)

    return read_choices


def split_raw(raw: Any, separator: str) -> Iterable[str]:
    """The choices that a raw value writes or holds, folded; some of them may be empty. Raises UnreadableValue."""
    if type(raw).__name__ == "ndarray":
        raw = raw.tolist()
    if isinstance(raw, str):
        text = raw.strip(WHITE_SPACE)
        if not (text.startswith("[") and text.endswith("]")):
            return _split(raw, separator)
        if not _LIST.fullmatch(text):
            raise UnreadableValue(f"{quote(raw)} {NOT_CHOICES}")
        raw = json.loads(text, parse_int=str)
    elif find_whole_number(raw) is not None:
        raw = [raw]
    if not isinstance(raw, list | tuple | set | frozenset):
        raise UnreadableValue(f"{quote(raw)} {NOT_CHOICES}")
    items = ITEM_END.join(_write_item(item) for item in raw if not _is_absent(item))
    if separator in items:
        item = next(item for item in items.split(ITEM_END) if separator in item)
        raise UnreadableValue(
            f"{quote(item)} holds '{separator}', which separates choices; give the field another `separator:`"
        )
    return _split(items.replace(ITEM_END, separator), separator)


def _is_absent(item: Any) -> bool:
    return item is None or type(item).__name__ in ABSENT_TYPES or (isinstance(item, float) and math.isnan(item))


def _write_item(item: Any) -> str:
    if isinstance(item, str):
        return str(item)
    whole = find_whole_number(item)
    if whole is None:
        raise UnreadableValue(f"{quote(item)} is not a text")
    try:
        return str(whole)
    except ValueError:  # more digits than Python prints
        raise UnreadableValue("the value is not a text") from None


def _split(text: str, separator: str) -> Iterable[str]:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UnreadableValue(f"{quote(text)} is not a text: it holds half a character") from None
    return [part.strip(WHITE_SPACE) for part in fold(text).split(separator)]


def join_choices(choices: Iterable[str], separator: str) -> str | None:
    """Choices as they are kept; None where there are none."""
    joined = separator.join(choices)
    return mark_choice(joined, separator) if joined else None


def split_choices(kept: str) -> tuple[str, ...]:
    """The choices that a kept text holds."""
    return tuple(kept[1:-1].split(kept[0]))


def mark_choice(choice: str, separator: str) -> str:
    """A choice as a kept text holds it."""
    return f"{separator}{choice}{separator}"

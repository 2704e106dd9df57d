"""Flags: the words for yes and no."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from leadledger.scoring.errors import UnreadableValue, quote
from leadledger.scoring.text_forms import key_of

YES_TEXTS = ("true", "1", "yes", "on", "y", "t", "1.0")  # 1.0: as pandas writes a column with gaps
NO_TEXTS = ("false", "0", "no", "off", "n", "f", "0.0")
NOT_FLAG = "is neither yes nor no; write true or false"

_FLAGS = dict.fromkeys(YES_TEXTS, True) | dict.fromkeys(NO_TEXTS, False)


def read_flag(raw: Any) -> bool:
    """The flag that a raw value is or writes. Raises UnreadableValue."""
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str):
        flag = _FLAGS.get(key_of(raw))
        if flag is not None:
            return flag
    elif isinstance(raw, int | float | Decimal) and raw in (0, 1):
        return bool(raw)
    raise UnreadableValue(f"{quote(raw)} {NOT_FLAG}")

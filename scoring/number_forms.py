"""Numbers: the written forms that are read, and how."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

from leadledger.scoring.errors import UnreadableValue, quote
from leadledger.scoring.text_forms import fold

NUMBER_PATTERN = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
MOST_EXACT = 2.0**53  # below it, a float that is whole is one whole number, and no other
NOT_NUMBER = "is not a number; write it like 25000, 2.5 or 1e6"
NOT_FINITE = "is not a finite number"

_NUMBER = re.compile(NUMBER_PATTERN)


def read_number(raw: Any) -> float | None:
    """The number that a raw value is or writes; None for a NaN. Raises UnreadableValue."""
    if type(raw) is str:
        if not _NUMBER.fullmatch(raw):
            if fold(raw) == "nan":
                return None
            raise UnreadableValue(f"{quote(raw)} {NOT_NUMBER}")
        value = float(raw)
    elif isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise UnreadableValue(f"{quote(raw)} {NOT_NUMBER}")
    else:
        try:
            value = float(raw)
        except OverflowError:  # an int beyond 1e308
            raise UnreadableValue(f"{quote(raw)} {NOT_FINITE}") from None
    if math.isfinite(value):
        return value
    raise UnreadableValue(f"{quote(raw)} {NOT_FINITE}")

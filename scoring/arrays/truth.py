"""Three-valued truth as small numbers: AND is the minimum, OR the maximum, NOT what is left to 2."""

from __future__ import annotations

import operator

import numpy as np

from leadledger.scoring import tree
from leadledger.scoring.arrays.coded import Items

FALSE, UNKNOWN, TRUE = 0, 1, 2
STATES: tuple[bool | None, ...] = (False, None, True)
NUMBER_OF = {False: FALSE, None: UNKNOWN, True: TRUE}
_OPERATORS = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def judge(holds: Items, is_unknown: Items) -> Items:
    """The truth of what holds or doesn't; where it is unknown, that is looked at first."""
    truth = np.multiply(holds, TRUE, dtype=np.int8)
    np.copyto(truth, UNKNOWN, where=is_unknown)
    return truth


def compare(sign: tree.Comparison, left: Items, right: Items) -> Items:
    """The truth of a comparison of numbers; NaN is missing."""
    return judge(_OPERATORS[sign](left, right), np.isnan(left) | np.isnan(right))

"""The strongest reasons of a score as a sentence or two, from the columns that a scored list has for them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_REASON = re.compile(r"([+−-][0-9][0-9,.]*) (.+)", re.DOTALL)


def word_reasons(gains: Sequence[str | None], losses: Sequence[str | None]) -> str | None:
    """`Gains by need: clear (+11.9) and budget: over 30000 (+9.6). Loses by age: missing (−7.1).`

    Both hold reasons as `+11.9 need: clear`, the strongest first; None where there is none.
    """
    sentences = [
        f"{verb} by {_list_reasons(present)}."
        for verb, reasons in (("Gains", gains), ("Loses", losses))
        if (present := [reason for reason in reasons if reason])
    ]
    return " ".join(sentences) or None


def _list_reasons(reasons: Sequence[str]) -> str:
    worded = [_REASON.sub(r"\2 (\1)", reason) for reason in reasons]
    return worded[0] if len(worded) == 1 else f"{', '.join(worded[:-1])} and {worded[-1]}"

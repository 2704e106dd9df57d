"""What a check of an installation finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

FindingState: TypeAlias = Literal["ok", "missing", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """What a check finds, in words that hold no secret, and the command that mends it; empty: nothing to do.

    `missing` is not set up, and need not be; a `problem` stops something, a `warning` will.
    """

    state: FindingState
    text: str
    mend: str = ""

"""Leads that a stage promotes at random, to learn what becomes of leads below its threshold.

An outcome is mostly seen of leads that sales pursued, so whoever learns from outcomes alone learns what the thresholds
were. A small random share below the threshold, with the probability of each promotion kept beside it, tells what would
have become of the others. https://arxiv.org/abs/1209.2355 (Bottou et al., 2013) says why the probability must be kept.

The draw is a digest of the lead's id, of a salt and of the stage: the same lead has the same draw in every engine, on
every day. So nobody gets a second chance by being scored again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from leadledger.scoring.field import Field
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.outputs import Verdict

LARGEST_SHARE = 0.2  # more is no longer a sample: the threshold itself is then in doubt
LEAST_SHARE = 0.0001  # one of 10,000 leads; less would teach nothing within a lifetime
DRAW_DIGITS = 8  # hexadecimal, so that shares are met to one in four billion


@dataclass(frozen=True)
class Exploration:
    """What a stage promotes at random: `share` (0..1) of the leads that points alone hold back.

    Another `salt` draws other leads.
    """

    stage: str
    share: float
    salt: str = ""

    @cached_property
    def tail(self) -> str:
        """What follows the key of a lead's id in the text whose digest is the draw."""
        return f"|{self.salt}|{self.stage}"

    @cached_property
    def bound(self) -> str:
        """A draw below it, as texts are compared, is a promotion."""
        return f"{round(self.share * 16**DRAW_DIGITS):0{DRAW_DIGITS}x}"

    def draws(self, lead_key: str) -> bool:
        """Whether a lead is drawn, by the key of its id (`find_lead_key`)."""
        text = f"{lead_key}{self.tail}".encode()
        return hashlib.md5(text, usedforsecurity=False).hexdigest()[:DRAW_DIGITS] < self.bound

    def __str__(self) -> str:
        return f"{100 * self.share:g} % at random below the threshold"


@dataclass(frozen=True, slots=True)
class Chance:
    """A verdict, and the probability (0..1), known before anything is drawn, with which it was to be `promote`."""

    verdict: Verdict
    propensity: float

    @property
    def is_explored(self) -> bool:
        """Whether the lead is promoted because it was drawn."""
        return self.verdict == "promote" and self.propensity < 1


def explore(
    exploration: Exploration | None,
    verdict: Verdict,
    threshold: int | None,
    required: Sequence[bool | None],
    total: int,
    lead_key: str | None,
) -> Chance:
    """The verdict of a lead, which may be drawn to be promoted where points alone hold it back.

    `verdict` is that without the draw. `threshold` and `total` are in tenths; a threshold of None: points don't decide,
    or the stage is closed. `required` are the criteria of the stage: met, unmet or None (unknown). `lead_key`: None of
    a lead without an id, which is never drawn. `exploration`: None where the stage draws nobody.
    """
    if verdict == "promote":
        return Chance(verdict, 1.0)
    held_by_points = threshold is not None and total < threshold and False not in required
    if exploration is None or lead_key is None or verdict not in ("ask", "nurture") or not held_by_points:
        return Chance(verdict, 0.0)
    return Chance("promote" if exploration.draws(lead_key) else verdict, exploration.share)


def find_lead_key(fields: Sequence[Field], values: Mapping[str, Any]) -> str | None:
    """The key of a lead's id: that of the first field of `kind: id` with a value; None where there is none."""
    for field in fields:
        if field.kind == "id" and (value := values.get(field.name)) is not None:
            return find_id_key(str(value))
    return None


def describe_draw(share: float) -> str:
    """Why a lead below the threshold is promoted, for people."""
    return f"Chosen at random, to learn what becomes of leads below the threshold: {name_share(share)}"


def name_share(share: float) -> str:
    """A share in words: `1 of 100`, `3 of 200`."""
    return next(
        f"{round(share * of):,} of {of:,}"
        for of in (100, 200, 1_000, 10_000, 100_000_000)
        if (abs(share * of - round(share * of)) < 1e-9 and round(share * of)) or of == 100_000_000
    )

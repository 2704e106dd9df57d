"""Transitions: the steps of a lead from stage to stage, of which each has a chance of its own, up to the sale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STAGES = ("contact", "lead", "opportunity", "customer")  # of a card that declares none


@dataclass(frozen=True)
class Transition:
    """A step of leads to the stage `stage`, from the one before it: to be made within `within` days.

    `became` is the column of the history with the day on which a lead made it, empty where it didn't.
    """

    stage: str
    became: str
    within: int


def find_transitions_ahead(
    transitions: Sequence[Transition], stages: Sequence[str], stage: object
) -> tuple[Transition, ...]:
    """The transitions that a lead still has before it, where `stages` are all stages, the first one first.

    `stage` is where it stands; a lead whose stage is none of them (None: unknown) stands at the first.
    """
    stands_at = stages.index(stage) if stage in stages else 0
    return tuple(transition for transition in transitions if stages.index(transition.stage) > stands_at)

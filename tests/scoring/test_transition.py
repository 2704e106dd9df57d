"""The steps that a lead still has before it."""

from __future__ import annotations

import pytest

from leadledger.scoring.transition import STAGES, Transition, find_transitions_ahead

STEPS = (Transition("lead", "qualified_on", 60), Transition("customer", "won_on", 180))


@pytest.mark.parametrize(
    ("stage", "ahead"),
    [
        (None, ["lead", "customer"]),
        ("contact", ["lead", "customer"]),
        ("of another system", ["lead", "customer"]),
        ("lead", ["customer"]),
        ("opportunity", ["customer"]),  # a stage without a step of its own
        ("customer", []),
    ],
)
def test_steps_ahead(stage: str | None, ahead: list[str]) -> None:
    """A lead has before it the steps to later stages; one of no known stage is a contact."""
    assert [step.stage for step in find_transitions_ahead(STEPS, STAGES, stage)] == ahead

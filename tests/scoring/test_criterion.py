"""Criteria: the name that people see."""

from __future__ import annotations

from leadledger.scoring.criterion import Criterion
from leadledger.scoring.tree import FieldRef, Truth


def test_title_of_a_criterion() -> None:
    """A criterion is shown by its label, else by its name with spaces."""
    met = Truth(FieldRef("x", "flag"))
    assert Criterion("a_need", met).title == "a need"  # type: ignore[arg-type]  # the condition is not asked
    assert Criterion("a_need", met, label="need").title == "need"  # type: ignore[arg-type]  # nor here

"""Criteria: named conditions that a stage may require."""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.scoring.tree import Condition


@dataclass(frozen=True)
class Criterion:
    """A named condition that a stage may require. One that is not essential is shown, and never holds a lead back."""

    name: str
    met: Condition
    essential: bool = True
    label: str = ""

    @property
    def title(self) -> str:
        """The name to show to people."""
        return self.label or self.name.replace("_", " ")

"""Criteria: named conditions that a stage may require."""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.scoring.tree import Condition


@dataclass(frozen=True)
class Criterion:
    """A named condition that a stage may require. One that is not essential is shown, and never holds a lead back.

    `uses_protected` is why it may read protected fields; empty where it reads none.
    """

    name: str
    met: Condition
    essential: bool = True
    label: str = ""
    uses_protected: str = ""

    @property
    def title(self) -> str:
        """The name to show to people."""
        return self.label or self.name.replace("_", " ")

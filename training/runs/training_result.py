"""What a training run made: the record `Training`, ready to be published as a release."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import joblib

from leadledger.models.releases.store import Releases
from leadledger.scoring.scorecard import Card, Learned, Scorecard
from leadledger.training.history import History
from leadledger.training.notebook import table

MEASURES_SHOWN = ("auc", "log_loss", "brier", "gain")  # in a notebook


@dataclass(frozen=True)
class Training:
    """What a training run made: the scorecard's learned part, its measures, their source, and notes for people.

    `rules_only` says why nothing was learned; empty where something was. `estimator` is the fitted classifier, or None.
    """

    card: Card
    card_text: str
    learned: Learned
    metrics: Mapping[str, Any]
    provenance: Mapping[str, Any]
    history: History | None
    rules_only: str = ""
    notes: tuple[str, ...] = ()
    estimator: Any = field(default=None, repr=False)

    @property
    def scorecard(self) -> Scorecard:
        """The card with what was learned, not released yet."""
        return Scorecard(self.card, self.learned)

    @property
    def held_back(self) -> str:
        """Why this should not become the current release; empty where nothing speaks against it."""
        comparison = self.metrics.get("comparison")
        return str(comparison["said"]) if comparison and comparison["worse"] else ""

    def publish(self, releases: Releases, created: datetime, *, draft: bool = False, force: bool = False) -> str:
        """Release it; returns the name of the release.

        It becomes the current one, unless it is a `draft`, or was found worse than that (`held_back`), which `force`
        overrules.
        """
        from leadledger.training.report.page import page  # matplotlib takes half a second

        files: dict[str, bytes] = {}
        if self.estimator is not None:
            buffer = io.BytesIO()
            joblib.dump(self.estimator, buffer)  # for data scientists; nothing that serves reads it
            files["estimator.joblib"] = buffer.getvalue()
        current = not draft and (force or not self.held_back)
        notes = self.notes
        if self.held_back and current:
            notes = (*notes, "It was made the current release all the same (--force).")
        files["report.html"] = page(
            self.metrics, self.provenance, self.learned, self.card, notes, self.rules_only
        ).encode()
        fate = "" if current else "draft" if draft else "held back"
        return releases.publish(
            self.card_text,
            self.learned,
            metrics=dict(self.metrics),
            provenance=dict(self.provenance),
            created=created,
            files=files,
            note="; ".join(part for part in (self.rules_only, fate) if part),
            current=current,
        )

    def _repr_html_(self) -> str:
        rows = [
            {"forecast": name} | {measure: quality[measure] for measure in MEASURES_SHOWN}
            for name, quality in self.metrics.get("held_out", {}).items()
        ]
        sentence = self.rules_only or "; ".join(
            f"promotion to {stage}: {promise['said']}" for stage, promise in self.metrics["promises"].items()
        )
        return table(rows, f"{self.card.title or self.card.name}, judged by held-out leads", sentence)

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "rules_only": self.rules_only,
            "notes": list(self.notes),
            "metrics": dict(self.metrics),
            "provenance": dict(self.provenance),
        }

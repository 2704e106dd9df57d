"""What a training run made: the record `Training`, ready to be published as a release."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import DataError
from leadledger.scoring.scorecard import Card, Learned, Scorecard
from leadledger.training.evidence.contributions import find_contributions, list_tables, measure_importance
from leadledger.training.history import History
from leadledger.training.learn.known_leads import KNOWN_LEADS, KnownLeads
from leadledger.training.notebook import table
from leadledger.training.runs.group_measures import find_unfair
from leadledger.training.runs.train_text import summary_text

MEASURES_SHOWN = ("auc", "log_loss", "brier", "gain")  # in a notebook


@dataclass(frozen=True, repr=False)
class Training:
    """What a training run made: the scorecard's learned part, its measures, their source, and notes for people.

    `rules_only` says why nothing was learned; empty where something was. `estimator` is the fitted classifier, or None.
    `held` (m,) are the positions in `history` of the held-out leads; none where nothing was learned. `judged` (m,) are
    the totals, tenths, that models which had not seen them give them; the published card has learned from them too.
    `known`: the leads that it has learned from, for later comparisons; None where nothing was learned.

    It can be pickled, and printed: `print(training)` is a screenful. `score_frame` and `to_sql` take it as it is.
    """

    card: Card
    card_text: str
    learned: Learned
    metrics: Mapping[str, Any]
    provenance: Mapping[str, Any]
    history: History | None
    rules_only: str = ""
    notes: tuple[str, ...] = ()
    estimator: Any = None
    held: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))
    known: KnownLeads | None = None
    judged: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def scorecard(self) -> Scorecard:
        """The card with what was learned, not released yet."""
        return Scorecard(self.card, self.learned)

    def tables(self) -> pd.DataFrame:
        """The learned tables and pairs: a row for each bin or cell, with its points, their error, and its leads."""
        return list_tables(self.scorecard)

    def importance(self) -> pd.DataFrame:
        """The fields, the most telling first: `spread`, the share of the spread of scores, and `loss_if_left_out`.

        Both are those of the published card on the held-out leads, from which it has learned too. Raises
        DataError where nothing was learned, and for a training that was pickled, which has lost the list it learned
        from.
        """
        return measure_importance(self.scorecard, self._require_history(), self.held)

    def contributions(self) -> pd.DataFrame:
        """The ledgers that the published card gives the held-out leads, from which it has learned too.

        A row is a lead, a column an entry, in points, and `total` is their sum.

        The index is the number of the lead's row in the history. Raises DataError, as `importance`.
        """
        return find_contributions(self.scorecard, self._require_history(), self.held)

    def _require_history(self) -> History:
        if self.rules_only or self.history is None:
            raise DataError(f"nothing was learned, so there are no held-out leads: {self.rules_only}")
        return self.history

    def __str__(self) -> str:
        return f"{self.card.title or self.card.name}\n{summary_text(self)}"

    def __repr__(self) -> str:
        leads = 0 if self.history is None else len(self.history)
        return f"<Training of the card '{self.card.name}' on {leads:,} leads>"

    @property
    def held_back(self) -> str:
        """Why this should not become the current release; empty where nothing speaks against it."""
        return "; ".join(filter(None, [self.worse, self.unfair]))

    @property
    def worse(self) -> str:
        """How it is worse than the current release or, where there is none, no better than the base rate; or empty."""
        comparison, lost = self.metrics.get("comparison"), self.metrics.get("lost_fields")
        reasons = [comparison["said"] if comparison and comparison["worse"] else "", lost["said"] if lost else ""]
        if not comparison or not comparison["leads"]:  # else the earlier release is the measure, and the base rate too
            reasons.append(self.metrics.get("signal", {}).get("said", ""))
        return "; ".join(filter(None, reasons))

    @property
    def unfair(self) -> str:
        """Which bounds of the card's `fairness` it exceeds, in a sentence; empty where it exceeds none."""
        return find_unfair(dict(self.metrics))

    def publish(
        self, releases: Releases, created: datetime, *, draft: bool = False, force: bool = False, sign_off: str = ""
    ) -> str:
        """Release it; returns the name of the release.

        It becomes the current one, unless it is a `draft`, was found worse than that or no better than the base rate
        (`worse`), which `force` overrules, or exceeds a bound of the card's `fairness` (`unfair`). For the last,
        `sign_off` says why it may all the same; that stays in the release. Without it, the release can't become the
        current one later either.
        """
        from leadledger.training.report.page import page  # matplotlib takes half a second

        files: dict[str, bytes | Callable[[str], bytes]] = {}
        if self.estimator is not None:
            buffer = io.BytesIO()
            joblib.dump(self.estimator, buffer)  # for data scientists; nothing that serves reads it
            files["estimator.joblib"] = buffer.getvalue()
        if self.known is not None:
            files[KNOWN_LEADS] = self.known.to_bytes()
        sign_off = " ".join(sign_off.split()) if self.unfair else ""
        current = not draft and (force or not self.worse) and bool(sign_off or not self.unfair)
        notes, metrics = self.notes, dict(self.metrics)
        if self.worse and current:
            notes = (*notes, "It was made the current release all the same (--force).")
        if self.unfair:
            metrics["fairness"] = {**metrics["fairness"], "signed_off": sign_off or None}
        if sign_off:
            notes = (*notes, f"It exceeds a bound of the card’s fairness, and was signed off: {sign_off}")

        def write_report(name: str) -> bytes:
            release = {"name": name, "day": name.rpartition("-")[0]}
            return page(
                metrics, self.provenance, self.learned, self.card, notes, self.rules_only, release=release
            ).encode()

        files["report.html"] = write_report
        fate = "" if current else "draft" if draft else "held back"
        signed = f"signed off: {sign_off}" if sign_off else ""
        return releases.publish(
            self.card_text,
            self.learned,
            metrics=metrics,
            provenance=dict(self.provenance),
            created=created,
            files=files,
            note="; ".join(part for part in (self.rules_only, fate, signed) if part),
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

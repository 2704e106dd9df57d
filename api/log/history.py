"""The log as a history to learn from: each lead as it was known when it was first scored, and what became of it.

One score of each lead counts, for the scores of one lead are not independent: the first. Whether a score is the first
doesn't depend on what came after it. A draw among the scores before the outcome would: a lead that converts soon has
few of these, one that never does has many, and so its early days would be drawn more seldom, and early days would seem
to promise more than they do.

Nothing of a row is younger than its score, but the day of the outcome.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb

from leadledger.api.log.json_rows import write_json_rows
from leadledger.api.log.record import make_storable
from leadledger.api.log.store import LogStore
from leadledger.scoring.errors import DataError, UnreadableValue
from leadledger.scoring.field import cleaner
from leadledger.scoring.printers.sql.cleaning import KINDS
from leadledger.scoring.printers.sql.dialects.literals import quoted, text_literal
from leadledger.scoring.scorecard import Card
from leadledger.scoring.tree import Typed
from leadledger.training.sources.logged import LEFT_OUT_REASONS, OUTCOME_DAY, SCORE_DAY, LoggedHistory
from leadledger.training.sources.table import connect

# A score is asked for today, and recorded a moment later, which may be tomorrow; and where the caller is, it may still
# be yesterday. What is asked for an earlier day than that shows a lead as it is now, and not as it was.
LATE = timedelta(days=1)
ORDER = ("at of the score", "id of the score")  # columns that are not kept


@contextmanager
def open_history(log: LogStore, card: Card, *, backdated: bool = False) -> Iterator[LoggedHistory]:
    """The leads of the log for a card, in a file that is there until the end. Raises DataError.

    `backdated`: take also scores that were asked for a day that was over, for their values were those of that day.
    """
    stages = _stages(card)
    found = _Reading(card, stages, backdated)
    found.note_outcomes(log)
    with tempfile.TemporaryDirectory(prefix="leadledger-") as folder:
        path = Path(folder) / "history.parquet"
        columns = {one.name: KINDS[one.kind] for one in card.plain} | {SCORE_DAY: "DATE", OUTCOME_DAY: "DATE"}
        try:
            scan = write_json_rows(
                found.rows(log), {**columns, **dict.fromkeys(ORDER, "VARCHAR")}, path.with_suffix(".jsonl")
            )
            found.refuse_nothing(log.label)
            order = ", ".join(map(quoted, (SCORE_DAY, *ORDER)))
            with connect() as connection:
                connection.execute(
                    f"COPY (SELECT {', '.join(map(quoted, columns))} FROM {scan} ORDER BY {order})"
                    f" TO {text_literal(str(path))} (FORMAT parquet)"
                )
            path.with_suffix(".jsonl").unlink()
        except (duckdb.Error, OSError) as error:
            raise DataError(f"the log at {log.label}: can't be kept as a history: {error}") from None
        yield found.logged(path)


def _stages(card: Card) -> tuple[str, ...]:
    """The stages that count as the outcome: the one that scores foresee, and those after it. Raises DataError."""
    mend = "`outcome: {became: {field: became_on, kind: date}, since: created, within: 90 days}`"
    if card.outcome is None:
        raise DataError(
            f"the card '{card.name}' has no `outcome:`, so training doesn't know what to foresee; add for example"
            f" {mend}. From the log, the day counts from each score"
        )
    if card.outcome.kind != "date":
        raise DataError(
            f"the outcome of the card '{card.name}' is a flag, without a horizon, and so the log can't tell which leads"
            f" are still too young to judge; write for example {mend}. From the log, the day counts from each score"
        )
    if card.target is None:
        raise DataError(
            f"no stage of the card '{card.name}' has anything to decide, so the log can't tell which outcomes count;"
            " give the stage that training foresees `requires:` or a line under `stages:`"
        )
    return tuple(one.name for one in card.stages[card.stages.index(card.target) :])


@dataclass
class _Reading:
    """One reading of the log: what is taken, and the count of what is not."""

    card: Card
    stages: tuple[str, ...]
    backdated: bool
    became: dict[str, str] = field(default_factory=dict)  # the first day on which a lead reached one of the stages
    outcomes: int = 0
    scores: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    values_left_out: Counter[str] = field(default_factory=Counter)
    days: list[str] = field(default_factory=list)  # the oldest and the newest of the scores
    newest: str = ""  # the newest day of which the log tells
    told: str = ""  # when its newest entry was made
    taken: int = 0
    unscored: int = 0

    def note_outcomes(self, log: LogStore) -> None:
        """Read what became of the leads."""
        for one in log.read_outcomes():
            self.outcomes += 1
            self.newest, self.told = max(self.newest, one.on), max(self.told, one.at)
            if one.lead is not None and one.became in self.stages:
                self.became[one.lead] = min(self.became.get(one.lead, one.on), one.on)

    def rows(self, log: LogStore) -> Iterator[dict[str, Any]]:
        """A row for each lead that can be learned from."""
        cleaners = {one.name: cleaner(one, self.card.absent) for one in self.card.plain}
        missed = set(self.became)
        for lead, scores in groupby(log.read_scores_by_lead(), attrgetter("lead")):
            became, values = self.became.get(lead), None  # values: those of the lead's first score
            for one in scores:
                if self._unusable(one):
                    continue
                first = values is None
                if values is None:
                    missed.discard(lead)
                    values = json.loads(one.input)["values"]
                if values.get("stage") in self.stages or (became is not None and became <= self._known_on(one)):
                    self.left_out["known"] += 1
                elif not first:
                    self.left_out["later"] += 1
                else:
                    self.taken += 1
                    place = dict(zip(ORDER, (one.at, one.id), strict=True))
                    yield {**self._cleaned(values, cleaners), SCORE_DAY: one.as_of, OUTCOME_DAY: became, **place}
        self.unscored = len(missed)

    def _known_on(self, score: Any) -> str:
        """The day of which the values of a score may be."""
        return str(score.as_of if self.backdated else max(score.as_of, score.at[:10]))

    def _unusable(self, score: Any) -> bool:
        """Count a score; whether nothing can be learned from it, whatever became of its lead."""
        self.scores += 1
        day = score.as_of
        self.newest, self.told = max(self.newest, day), max(self.told, score.at)
        self.days = [min(self.days[0], day), max(self.days[1], day)] if self.days else [day, day]
        why = ""
        if score.input is None:
            why = "forgotten"
        elif score.lead is None:
            why = "nameless"
        elif score.card != self.card.name:
            why = "other_card"
        elif not self.backdated and date.fromisoformat(score.at[:10]) - date.fromisoformat(day) > LATE:
            why = "backdated"
        if why:
            self.left_out[why] += 1
        return bool(why)

    def _cleaned(self, values: Mapping[str, Any], cleaners: Mapping[str, Callable[[Any], Typed]]) -> dict[str, Any]:
        """Values of the log as the card reads them today. Those that it can't read are left out, and counted."""
        found: dict[str, Any] = {}
        for name, raw in values.items():
            try:
                value = cleaners[name](raw)
            except (KeyError, UnreadableValue):
                self.values_left_out[name] += 1
                continue
            if isinstance(value, date):
                found[name] = value.isoformat()
            elif value is not None:
                found[name] = make_storable(value) if isinstance(value, str) else value
        return found

    def refuse_nothing(self, label: str) -> None:
        """Raise DataError where there is nothing to learn from."""
        if not self.scores:
            raise DataError(
                f"the log at {label} has no scores; `leadledger serve` records them, unless it runs with `--log off`"
            )
        if not self.outcomes:
            raise DataError(
                f"the log at {label} has {self.scores:,} scores and no outcomes; tell what became of the leads with"
                " POST /v1/outcomes"
            )
        if not self.taken:
            why = ", ".join(f"{count:,} {words}" for count, words in self._told())
            mend = "; if their values were those of that day, add --backdated" if self.left_out["backdated"] else ""
            raise DataError(
                f"the log at {label} has {self.scores:,} scores, and none to learn from for the card"
                f" '{self.card.name}': {why}{mend}"
            )

    def _told(self) -> list[tuple[int, str]]:
        return [(self.left_out[why], words) for why, words in LEFT_OUT_REASONS.items() if self.left_out[why]]

    def logged(self, path: Path) -> LoggedHistory:
        """The whole, once the rows are in a file."""
        source = {
            "scores": self.scores,
            "leads": self.taken,
            "outcomes": self.outcomes,
            "stage": self.stages[0],
            "reached": len(self.became),
            "unscored": self.unscored,
            "oldest_score": self.days[0],
            "newest_score": self.days[1],
        }
        left = {why: self.left_out[why] for why in LEFT_OUT_REASONS}
        values = dict(sorted(self.values_left_out.items()))
        # A day to come, which somebody asked for or told of, is not reached by the log; nor is the day on which old
        # leads were entered, if what became of them since is not told.
        as_of = min(self.newest, self.told[:10])
        return LoggedHistory(path, date.fromisoformat(as_of), source, left, values)

"""The log as a history to learn from: each lead as it was known when it was first scored, and what became of it.

Only the first score of each lead counts, because the scores of one lead are not independent. Which score is first does
not depend on what happened later. A random choice among the scores before the outcome would: a lead that converts soon
has few of them and one that never converts has many, so early days would be sampled more rarely and would seem to
promise more than they do.

Nothing in a row is younger than its score, except the day of the outcome.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb

from leadledger.api.log.event_rows import EventRow
from leadledger.api.log.event_store import EventStore
from leadledger.api.log.export import export_events
from leadledger.api.log.json_rows import write_json_rows
from leadledger.api.log.recent_outcomes import LARGEST_DELAY, list_outcome_stages
from leadledger.api.log.record import make_storable
from leadledger.api.log.store import LogStore
from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.errors import DataError, UnreadableValue
from leadledger.scoring.events.event_reader import KnownNames
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.printers.sql.cleaning import TYPE_OF_KIND
from leadledger.scoring.printers.sql.dialects.literals import quoted, text_literal
from leadledger.scoring.scorecard import Card, build_untrained
from leadledger.scoring.tree import Typed
from leadledger.training.sources.logged import (
    LEFT_OUT_REASONS,
    LOGGED_PROPENSITY,
    LOGGED_RECOMMENDATION,
    OUTCOME_DAY,
    SCORE_DAY,
    LoggedHistory,
)
from leadledger.training.sources.table import connect

ORDER_COLUMNS = ("at of the score", "id of the score")  # they order the rows and are not kept


@contextmanager
def open_history(log: LogStore, card: Card, *, backdated: bool = False) -> Iterator[LoggedHistory]:
    """Write the leads of the log that a card can learn from to a file, which is removed at the end. Raises DataError.

    `backdated` also takes scores that were asked for a past day, because their values were those of that day.
    """
    reading = _LogReading(card, _outcome_stages(card), backdated)
    reading.read_outcomes(log)
    with tempfile.TemporaryDirectory(prefix="leadledger-") as folder:
        path, events = Path(folder) / "history.parquet", None
        try:
            if card.events:
                events = Path(folder) / "events.parquet"
                export_events(reading.events(log), KnownNames(card.events), events)
            _write_parquet(reading, log, path)
        except (duckdb.Error, OSError) as error:
            raise DataError(f"the log at {log.label}: can't be kept as a history: {error}") from None
        yield reading.summarize(path, events)


def _write_parquet(reading: _LogReading, log: LogStore, path: Path) -> None:
    """Write one row per lead, in the order of the scores. Raises DataError where there is nothing to learn from."""
    columns = {field.name: TYPE_OF_KIND[field.kind] for field in reading.card.plain_fields} | {
        SCORE_DAY: "DATE",
        OUTCOME_DAY: "DATE",
    }
    if reading.card.explores:
        columns |= {LOGGED_RECOMMENDATION: "VARCHAR", LOGGED_PROPENSITY: "DOUBLE"}
    rows_path = path.with_suffix(".jsonl")
    scan = write_json_rows(reading.rows(log), {**columns, **dict.fromkeys(ORDER_COLUMNS, "VARCHAR")}, rows_path)
    reading.check_not_empty(log.label)
    order = ", ".join(map(quoted, (SCORE_DAY, *ORDER_COLUMNS)))
    with connect() as connection:
        connection.execute(
            f"COPY (SELECT {', '.join(map(quoted, columns))} FROM {scan} ORDER BY {order})"
            f" TO {text_literal(str(path))} (FORMAT parquet)"
        )
    rows_path.unlink()


def _outcome_stages(card: Card) -> tuple[str, ...]:
    """The stages that count as the outcome: the one that scores predict, and those after it. Raises DataError."""
    example = "`outcome: {became: {field: became_on, kind: date}, since: created, within: 90 days}`"
    if card.outcome is None:
        raise DataError(
            f"the card '{card.name}' has no `outcome:`, so training doesn't know what to predict; add for example"
            f" {example}. From the log, the horizon starts on the day of each score"
        )
    if not card.outcome.within:
        raise DataError(
            f"the outcome of the card '{card.name}' is a flag without a horizon, so the log can't tell which leads are"
            f" still too young to judge; write for example {example}. From the log, the horizon starts on the day of"
            " each score"
        )
    if card.predicted_stage is None:
        raise DataError(
            f"no stage of the card '{card.name}' decides anything, so the log can't tell which outcomes count; give the"
            " stage that training predicts `requires:` or a threshold under `stages:`"
        )
    return list_outcome_stages(card)


def _logged_names(card: Card) -> dict[str, str]:
    """The field that takes a value of the log, by the name under which it is logged: its own, or one of `from:`."""
    names: dict[str, str] = {}
    for plain in card.plain_fields:
        for column in plain.written_columns[1:]:
            names.setdefault(column, plain.name)
    return names | {plain.name: plain.name for plain in card.plain_fields}


@dataclass
class _LogReading:
    """One pass over the log: it yields the rows to learn from and counts everything else."""

    card: Card
    stages: tuple[str, ...]
    backdated: bool
    reached_on: dict[str, str] = field(default_factory=dict)  # by lead: the first day at one of the stages
    outcome_count: int = 0
    score_count: int = 0
    lead_count: int = 0  # leads that can be learned from
    unscored_count: int = 0  # leads that reached a stage and have no usable score
    left_out: Counter[str] = field(default_factory=Counter)
    values_left_out: Counter[str] = field(default_factory=Counter)
    oldest_score: str = ""  # days; empty without scores
    newest_score: str = ""
    newest_day: str = ""  # the newest day that a score or an outcome is about
    newest_entry: str = ""  # when the newest entry was written
    events_since: str = ""  # the day on which the first event was received; empty: none is stored
    with_events: set[str] = field(default_factory=set)  # the leads that have a stored event, by the keys of their ids

    def read_outcomes(self, log: LogStore) -> None:
        """Read what became of the leads."""
        for outcome in log.read_outcomes():
            self.outcome_count += 1
            self._note_times(outcome.on, outcome.at)
            if outcome.lead is not None and outcome.became in self.stages:
                lead = find_id_key(outcome.lead)
                self.reached_on[lead] = min(self.reached_on.get(lead, outcome.on), outcome.on)

    def events(self, log: LogStore) -> Iterator[EventRow]:
        """Yield the stored events, each under all ids of its lead.

        Where past days are replayed (`backdated`), each counts as received when it happened.
        """
        for event in EventStore(log.engine).read_all():
            received = event.time if self.backdated else event.received
            self.events_since = min(self.events_since or received[:10], received[:10])
            self.with_events.add(find_id_key(event.lead))
            yield event._replace(received="") if self.backdated else event

    def rows(self, log: LogStore) -> Iterator[dict[str, Any]]:
        """Yield a row for each lead that can be learned from."""
        card = build_untrained(self.card).card
        cleaners = {plain.name: make_cleaner(plain, card.missing_texts) for plain in card.plain_fields}
        readers = _logged_names(self.card)
        unscored = set(self.reached_on)
        for lead, scores in groupby(log.read_scores_by_lead(advice=self.card.explores), _find_lead_key):
            reached_on = self.reached_on.get(lead or "")
            first_values: dict[str, Any] | None = None
            # The scores of one lead, which are few, stand in the order of their days whatever the spelling of its id.
            for score in scores if lead is None else sorted(scores, key=attrgetter("as_of", "at", "id")):
                self._count_score(score)
                if reason := self._reason_to_skip(score) or self._reason_in_events(score):
                    self.left_out[reason] += 1
                    continue
                is_first = first_values is None
                if first_values is None:
                    unscored.discard(lead)
                    first_values = json.loads(score.input)["values"]
                if self._knows_outcome(score, first_values, reached_on):
                    self.left_out["known"] += 1
                elif not is_first:
                    self.left_out["later"] += 1
                else:
                    self.lead_count += 1
                    order = dict(zip(ORDER_COLUMNS, (score.at, score.id), strict=True))
                    yield {
                        **self._clean(first_values, cleaners, readers),
                        SCORE_DAY: score.as_of,
                        OUTCOME_DAY: reached_on,
                        **(_read_advice(score) if self.card.explores else {}),
                        **order,
                    }
        self.unscored_count = len(unscored)

    def _count_score(self, score: Any) -> None:
        self.score_count += 1
        self._note_times(score.as_of, score.at)
        self.oldest_score = min(self.oldest_score or score.as_of, score.as_of)
        self.newest_score = max(self.newest_score, score.as_of)

    def _note_times(self, day: str, at: str) -> None:
        self.newest_day, self.newest_entry = max(self.newest_day, day), max(self.newest_entry, at)

    def _reason_to_skip(self, score: Any) -> str:
        """The key of LEFT_OUT_REASONS for a score from which nothing can be learned; empty for any other."""
        if score.input is None:
            return "forgotten"
        if score.lead is None:
            return "nameless"
        if score.card != self.card.name:
            return "other_card"
        if not self.backdated and date.fromisoformat(score.at[:10]) - date.fromisoformat(score.as_of) > LARGEST_DELAY:
            return "backdated"
        return ""

    def _reason_in_events(self, score: Any) -> str:
        """The same for a score whose events the log doesn't know: of a day before it stored any, or not stored."""
        if not self.card.events:
            return ""
        if not self.events_since or score.as_of < self.events_since:
            return "before_events"
        counted = json.loads(score.input).get("events", {}).get("counted", 0)
        return "sent_events" if counted and find_id_key(score.lead) not in self.with_events else ""

    def _knows_outcome(self, score: Any, values: Mapping[str, Any], reached_on: str | None) -> bool:
        """Whether the values of a score may already show what became of the lead."""
        values_day = score.as_of if self.backdated else max(score.as_of, score.at[:10])
        return values.get("stage") in self.stages or (reached_on is not None and reached_on <= values_day)

    def _clean(
        self,
        values: Mapping[str, Any],
        cleaners: Mapping[str, Callable[[Any], Typed]],
        readers: Mapping[str, str],
    ) -> dict[str, Any]:
        """Logged values as the card reads them today. Counts those that the card can't read, and leaves them out.

        A field has its value under its own name, else under one that its `from:` lists: it may have been renamed.
        """
        counted = {field.name for field in self.card.event_fields}
        cleaned: dict[str, Any] = {}
        for logged, raw in sorted(values.items(), key=lambda item: item[0] in cleaners):  # own names last, they win
            if logged in counted:
                continue  # it is counted anew, at each landmark
            name = readers.get(logged, "")
            try:
                value = cleaners[name](raw)
            except (KeyError, UnreadableValue):
                self.values_left_out[logged] += 1
                continue
            if isinstance(value, date):
                cleaned[name] = value.isoformat()
            elif value is not None:
                cleaned[name] = make_storable(value) if isinstance(value, str) else value
        return cleaned

    def check_not_empty(self, label: str) -> None:
        """Raise DataError where there is nothing to learn from."""
        if not self.score_count:
            raise DataError(
                f"the log at {label} has no scores; `leadledger serve` records them, unless it runs with `--log off`"
            )
        if not self.outcome_count:
            raise DataError(
                f"the log at {label} has {self.score_count:,} scores and no outcomes; report what became of the leads"
                " with POST /v1/outcomes"
            )
        if not self.lead_count:
            counts = ", ".join(
                f"{self.left_out[reason]:,} {words}"
                for reason, words in LEFT_OUT_REASONS.items()
                if self.left_out[reason]
            )
            hint = "; if their values were those of that day, add --backdated" if self.left_out["backdated"] else ""
            if self.left_out["before_events"] or self.left_out["sent_events"]:
                hint += "; store events with POST /v1/events, or train from a list with --events"
            raise DataError(
                f"the log at {label} has {self.score_count:,} scores, and none to learn from for the card"
                f" '{self.card.name}': {counts}{hint}"
            )

    def summarize(self, path: Path, events: Path | None) -> LoggedHistory:
        """The history, once its rows and its events are in files."""
        source = {
            "scores": self.score_count,
            "leads": self.lead_count,
            "outcomes": self.outcome_count,
            "stage": self.stages[0],
            "reached": len(self.reached_on),
            "unscored": self.unscored_count,
            "oldest_score": self.oldest_score,
            "newest_score": self.newest_score,
        }
        left_out = {reason: self.left_out[reason] for reason in LEFT_OUT_REASONS}
        values_left_out = dict(sorted(self.values_left_out.items()))
        # A score or an outcome may name a day in the future, which the log has not reached. Nor does the log reach the
        # day on which old leads were entered, if nobody has reported since what became of them.
        as_of = min(self.newest_day, self.newest_entry[:10])
        return LoggedHistory(path, date.fromisoformat(as_of), source, left_out, values_left_out, self.backdated, events)


def _read_advice(score: Any) -> dict[str, Any]:
    """What was recommended, and the propensity; None where the score is of a card that didn't explore."""
    propensity = json.loads(score.result).get("propensity") if score.result else None
    return {LOGGED_RECOMMENDATION: score.recommendation, LOGGED_PROPENSITY: propensity}


def _find_lead_key(score: Any) -> str | None:
    """What the scores of one lead have in common: both spellings of a Salesforce id are one, and sort together."""
    return None if score.lead is None else find_id_key(score.lead)

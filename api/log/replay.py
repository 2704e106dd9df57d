"""Replays scores of the log, and explains why a lead's score moved from one to the next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from leadledger.api.log.event_rows import EventRow
from leadledger.api.log.late_events import count_late, find_late_events
from leadledger.api.log.record import Ledger, MoveCause, decode_counts, decode_input, encode_answer, read_ledger
from leadledger.api.log.store import LogStore
from leadledger.models.releases.store import Releases
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.each_entries import list_entry_names
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.engine.score import get_engine as engine_of
from leadledger.scoring.errors import DataError, ScoringError
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import build_untrained

MOST_PROBLEMS = 10  # that are named
ENGINES_KEPT = 8  # of former releases and cards


class Replayer:
    """Replays scores with the releases of a home and the cards that the log keeps."""

    def __init__(self, log: LogStore, home: Path) -> None:
        self.log = log
        self.home = home
        self._engine = lru_cache(ENGINES_KEPT)(self._load)

    def engine(self, row: Mapping[str, Any]) -> Engine:
        """The engine that gave a score (a row of `scores`). Raises ScoringError where its release or card is gone."""
        return self._engine(row["release"], row["card_digest"])

    def replay(self, row: Mapping[str, Any]) -> Result:
        """The result that the logged values get today from the engine of that day. Raises ScoringError."""
        engine = self.engine(row)
        values, ignored = decode_input(engine.card.card, row["input"])
        counts = decode_counts(engine.card.card, row["input"], values)
        return engine.build_result(values, date.fromisoformat(row["as_of"]), ignored, counts)

    def find_late(self, old: Mapping[str, Any], new: Mapping[str, Any], events: Sequence[EventRow]) -> list[EventRow]:
        """Which stored events of a lead had happened by the older of two scores, and arrived after it."""
        try:
            return find_late_events(self.engine(new), old, new, events) if events else []
        except ScoringError:  # the card of that day is gone, and with it what its days are
            return []

    def list_moves(
        self, old: Mapping[str, Any], new: Mapping[str, Any], events: Sequence[EventRow] = ()
    ) -> list[dict[str, Any]]:
        """The entries that moved from one score of a lead to its next, each with its cause; they add up.

        The release changes first; then events that arrived late are counted, out of `events`, all that are stored of
        the lead; then the day changes, then the lead's values; whatever moves at a step has that cause. Where a release
        is gone, so that its steps can't be told apart, the cause is unknown. What else rules for each event earn moves
        because of the events, which came, faded or are counted otherwise: the log keeps only what they come to.
        """
        before = read_ledger(old["result"])
        by_events = _list_event_entries(old["result"]) | _list_event_entries(new["result"])
        moves = []
        for cause, after in self._steps(old, new, events):
            for kind, name in dict.fromkeys([*before, *after]):
                was, now = before.get((kind, name), 0), after.get((kind, name), 0)
                if was != now:
                    points = {"before": was / 10, "after": now / 10, "moved": (now - was) / 10}
                    of_events = cause not in ("unknown", "arrived_late") and (kind, name) in by_events
                    moves.append({"kind": kind, "name": name, "cause": "events" if of_events else cause, **points})
            before = after
        return moves

    def _steps(
        self, old: Mapping[str, Any], new: Mapping[str, Any], events: Sequence[EventRow]
    ) -> list[tuple[MoveCause, Ledger]]:
        """The ledgers between two scores, the new one last, each with the cause that changed from the one before."""
        new_ledger = read_ledger(new["result"])
        causes: list[MoveCause] = []
        if (old["release"], old["card_digest"]) != (new["release"], new["card_digest"]):
            causes.append("release")
        late = self.find_late(old, new, events)
        if late:
            causes.append("arrived_late")
        if old["as_of"] != new["as_of"]:
            causes.append("time")
        if old["input"] != new["input"]:
            causes.append("data")
        if len(causes) < 2:
            return [(causes[0] if causes else "data", new_ledger)]
        try:
            engine = self.engine(new)
            values, _ = decode_input(engine.card.card, old["input"], lenient=True)
            counts = decode_counts(engine.card.card, old["input"], values)
            # Each step but the last leaves the old values; those before that of the day leave the old day, too.
            steps: list[tuple[MoveCause, Ledger]] = []
            for cause in causes[:-1]:
                if cause == "arrived_late":
                    counts = count_late(engine, old, events, late, values) or counts
                day = (new if cause == "time" else old)["as_of"]
                steps.append((cause, _score_ledger(engine, values, day, counts)))
        except ScoringError:
            return [("unknown", new_ledger)]
        return [*steps, (causes[-1], new_ledger)]

    def _load(self, release: str, digest: str) -> Engine:
        if release:
            return engine_of(Releases(self.home).open(release))
        text = self.log.read_card(digest)
        if text is None:
            raise DataError("the card that gave this score is not in the log")
        return engine_of(build_untrained(parse_card(text)))


@dataclass(frozen=True)
class ReplayedScores:
    """How many scores came out the same, byte for byte; the others failed, and the first `problems` say how.

    `forgotten`: scores whose leads are forgotten, so that nothing is left to score; `scores` doesn't count them.
    """

    scores: int
    identical: int
    forgotten: int
    problems: tuple[str, ...]

    @property
    def failed(self) -> int:
        """Scores that came out different, or not at all."""
        return self.scores - self.identical

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {**asdict(self), "failed": self.failed, "problems": [*self.problems]}


def replay_scores(log: LogStore, home: Path, since: str = "", until: str = "") -> ReplayedScores:
    """Work out all scores of a log again, from the day `since` to the end of the day `until`; empty: no bound."""
    replayer = Replayer(log, home)
    scores = identical = forgotten = 0
    problems: list[str] = []
    for row in log.read_scores(since, until):
        if row["input"] is None:
            forgotten += 1
            continue
        scores += 1
        try:
            is_same = encode_answer(row["id"], replayer.replay(row)) == row["result"].encode()
            problem = "" if is_same else "it came out different"
        except ScoringError as error:
            problem = str(error)
        if not problem:
            identical += 1
        elif len(problems) < MOST_PROBLEMS:
            problems.append(f"{row['id']}: {problem}")
    return ReplayedScores(scores, identical, forgotten, tuple(problems))


def list_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields of a lead whose values differ between two scores, with both values as texts; None: unknown."""
    before, after = (json.loads(row["input"])["values"] for row in (old, new))
    return [
        {"field": name, "before": _write_value(before.get(name)), "after": _write_value(after.get(name))}
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def _write_value(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value)


def _list_event_entries(answer: str) -> set[tuple[str, str]]:
    """The entries of a ledger, by kind and name, that rules for each event have."""
    rules = [rule["rule"] for rule in json.loads(answer).get("events", {}).get("rules", ())]
    return {entry for name in rules for entry in list_entry_names(name)}


def _score_ledger(engine: Engine, values: Mapping[str, Any], as_of: str, counts: EventCounts | None) -> Ledger:
    result = engine.build_result(values, date.fromisoformat(as_of), counts=counts)
    return {(entry.kind, entry.name): entry.tenths for entry in result.ledger}

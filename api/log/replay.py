"""Scores of the log, worked out again; and why a lead's score moved from one to the next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic_core import to_json

from leadledger.api.log.record import decode_input
from leadledger.api.log.store import LogStore
from leadledger.models.releases.store import Releases
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.engine.score import engine as engine_of
from leadledger.scoring.errors import DataError, ScoringError
from leadledger.scoring.scorecard import untrained

Cause: TypeAlias = Literal["data", "time", "release", "unknown"]
Ledger: TypeAlias = dict[tuple[str, str], int]
KEPT = 8  # engines of former releases


def body(ident: str, result: Mapping[str, Any]) -> bytes:
    """The whole answer to a lead, as it leaves and as the log keeps it."""
    return to_json({"id": ident, **result})


class Replayer:
    """Works scores out again, by the releases of a home and the cards that the log keeps."""

    def __init__(self, log: LogStore, home: Path) -> None:
        self.log = log
        self.home = home
        self._engine = lru_cache(KEPT)(self._load)

    def engine(self, row: Mapping[str, Any]) -> Engine:
        """The engine that gave a score. Raises ScoringError where its release or its card is gone."""
        return self._engine(row["release"], row["card_digest"])

    def replay(self, row: Mapping[str, Any]) -> bytes:
        """The answer that the logged lead gets today from what it got it from then. Raises ScoringError."""
        ready = self.engine(row)
        values, ignored = decode_input(ready.card.card, row["input"])
        result = ready.result(values, date.fromisoformat(row["as_of"]), ignored)
        return body(row["id"], result.to_dict())

    def list_moves(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The entries that moved from one score of a lead to its next, each with its cause; they add up.

        First the release is changed, then the day, then the lead's values; what moves at each step has that cause.
        Where a release is gone, what its steps would tell is of unknown cause.
        """
        before, after = _ledger(old["result"]), _ledger(new["result"])
        steps: list[tuple[Cause, Ledger]] = []
        other = (old["release"], old["card_digest"]) != (new["release"], new["card_digest"])
        later, differs = old["as_of"] != new["as_of"], old["input"] != new["input"]
        if other + later + differs > 1:
            try:
                ready = self.engine(new)
                values, _ = decode_input(ready.card.card, old["input"], lenient=True)
                if other:
                    steps.append(("release", _entries(ready, values, old["as_of"])))
                if later:
                    steps.append(("time", _entries(ready, values, new["as_of"])))
                if differs:
                    steps.append(("data", after))
                else:
                    steps[-1] = (steps[-1][0], after)
            except ScoringError:
                steps = [("unknown", after)]
        else:
            steps = [("release" if other else "time" if later else "data", after)]
        found = []
        for cause, then in steps:
            for kind, name in dict.fromkeys([*before, *then]):
                was, now = before.get((kind, name), 0), then.get((kind, name), 0)
                if was != now:
                    points = {"before": was / 10, "after": now / 10, "moved": (now - was) / 10}
                    found.append({"kind": kind, "name": name, "cause": cause, **points})
            before = then
        return found

    def _load(self, release: str, digest: str) -> Engine:
        if release:
            return engine_of(Releases(self.home).open(release))
        text = self.log.read_card(digest)
        if text is None:
            raise DataError("the card that gave this score is not in the log")
        return engine_of(untrained(parse_card(text)))


def list_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields of a lead whose values differ between two scores, as texts; null: not known."""
    before, after = (json.loads(one["input"])["values"] for one in (old, new))
    return [
        {"field": name, "before": _said(before.get(name)), "after": _said(after.get(name))}
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def _said(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value)


def _ledger(answer: str) -> Ledger:
    return {(one["kind"], one["name"]): round(one["points"] * 10) for one in json.loads(answer)["ledger"]}


def _entries(ready: Engine, values: Mapping[str, Any], as_of: str) -> Ledger:
    result = ready.result(values, date.fromisoformat(as_of))
    return {(one.kind, one.name): one.tenths for one in result.ledger}

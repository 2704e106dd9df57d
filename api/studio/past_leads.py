"""A draft on past leads whose outcome is known: what it would have promoted, and what its rules are worth there.

It loads pandas, so only the process of a trial imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from leadledger.api.log import database
from leadledger.api.log.history import open_history
from leadledger.api.log.store import LogStore
from leadledger.api.service.loaded import LoadedCard
from leadledger.models.releases.edited_rules import CarriedLearning, has_learned
from leadledger.scoring.scorecard import Card
from leadledger.training.evidence.auditing import audit
from leadledger.training.evidence.backtesting import backtest
from leadledger.training.history_reader import read_history
from leadledger.training.learn.lead_rows import take_one_row_each
from leadledger.training.sources.logged import LoggedHistory


def try_on_past_leads(
    history: Path | None,
    log_url: str | None,
    home: Path,
    loaded: LoadedCard,
    carried: CarriedLearning,
    day: date,
    show: Callable[[str, float], None],
) -> dict[str, Any]:
    """What a draft would have done on a history, None: the outcomes of the log; and the audit of its edited rules.

    Raises DataError, ScorecardError.
    """
    current, draft = loaded.card.card, carried.scorecard.card
    learned = carried.scorecard.learned if has_learned(loaded.card) else None
    # No row of the log can have a field that only the draft knows.
    absent = (
        ()
        if history is not None
        else tuple(field.name for field in draft.plain_fields if field.name not in current.fields)
    )
    steps = 0

    def progress(step: str) -> None:
        nonlocal steps
        steps += 1
        show(step, 1 - 0.8**steps)  # how many edits there are is known only later

    with _open(history, log_url, home, current) as data:
        tested = backtest(
            current, draft, data, learned=learned, release=loaded.release, today=day, without=absent, progress=progress
        )
        progress("auditing the edited rules")
        rows = take_one_row_each(read_history(draft, data, today=day))
        findings = audit(carried.scorecard, rows)
    edited = {edit.name for edit in tested.edits if edit.kind == "rule"}
    source = "the decision log" if history is None else history.name
    return {
        **tested.to_dict(),
        "source": source,
        "notes": [*carried.notes, *tested.notes],
        "rules": [rule.to_dict() for rule in findings.rules if rule.name in edited],
    }


@contextmanager
def _open(history: Path | None, log_url: str | None, home: Path, card: Card) -> Iterator[Path | LoggedHistory]:
    if history is not None:
        yield history
        return
    engine = database.open_database(log_url, home)
    try:
        with open_history(LogStore(engine), card) as logged:
            yield logged
    finally:
        engine.dispose()

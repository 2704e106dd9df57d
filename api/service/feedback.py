"""What sales says of a lead, recorded in the book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadledger.api.log.feedback import Feedback
from leadledger.api.log.known_leads import recall_lead, score_last_day
from leadledger.api.requests.mistakes import Mistakes, shorten
from leadledger.api.service.book import refuse_unknown_lead
from leadledger.api.service.history import read_log
from leadledger.api.service.lead_bodies import ENTRY
from leadledger.api.service.service import DecisionLog, Service
from leadledger.scoring.errors import ScoringError, did_you_mean

if TYPE_CHECKING:
    from leadledger.api.log.book_rows import BookRow
    from leadledger.api.log.replay import Replayer
    from leadledger.scoring.engine.score import Engine


async def add_feedback(service: Service, lead: str, feedback: Feedback, key: str) -> dict[str, Any]:
    """Record what sales says of a lead, and say whether it is new, as flat JSON. `key` is the id of the API key.

    Raises Refusal: the book doesn't know the lead, or there is no log (404), its ledger has no such entry (422), the
    log fails (503).
    """
    engine = service.loaded.engine

    def add(log: DecisionLog) -> dict[str, Any]:
        from leadledger.api.log.feedback_store import FeedbackStore

        row = log.book.read_lead(lead)
        if row is None:
            raise refuse_unknown_lead(log, lead)
        check_entry(log.replayer, engine, row, feedback.entry)
        return describe_feedback(row.lead, feedback, FeedbackStore(log.store.engine).add(row, feedback, key))

    return await read_log(service, add)


def describe_feedback(lead: str, feedback: Feedback, is_new: bool) -> dict[str, Any]:
    """Feedback as flat JSON."""
    return {
        **{"lead": lead, "verb": feedback.verb, "reason": feedback.reason, "entry": feedback.entry},
        **{"until": feedback.until, "on": feedback.on, "new": is_new},
    }


def check_entry(replayer: Replayer, engine: Engine, row: BookRow, entry: str) -> None:
    """Raise Refusal (422) for an entry that the ledger of a lead's last score hasn't got; empty: none is meant.

    Where the release of that score is gone, it is the ledger by `engine`.
    """
    if not entry:
        return
    try:
        result = replayer.replay(row._asdict())
    except ScoringError:
        result = score_last_day(recall_lead(engine, row))
    names = [f"{part.kind}:{part.name}" for part in result.ledger]
    if entry not in names:
        mistakes = Mistakes()
        reason = f"is no entry of the lead's ledger.{did_you_mean(shorten(entry), names)}"
        mistakes.add(ENTRY, reason, entry)
        raise mistakes.to_refusal("recorded")

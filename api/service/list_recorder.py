"""Records the scores of a list in the log and the book, some at a time, each time in a transaction of its own.

A run that was ended leaves what it has recorded; the next one completes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from leadledger.api.lists.recorded_leads import TypedLead
from leadledger.api.log.book_rows import BookRow, read_rows
from leadledger.api.log.book_updates import LeadScore, WrittenUpdates, write_list_scores
from leadledger.api.log.database import write_whole
from leadledger.api.log.lead_titles import find_title
from leadledger.api.log.record import encode_input, find_lead_id, find_owner, now
from leadledger.api.log.store import LogStore
from leadledger.api.service.loaded import LoadedCard
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.memory import MEMORY_KINDS, Memory


class ListRecorder:
    """Records leads of a list by a card or release, as of a day. Raises SQLAlchemyError where the database fails.

    `written` is what was recorded so far; `without_id` counts the leads that have no id, which nobody could find again.
    """

    def __init__(self, log: LogStore, loaded: LoadedCard, day: date) -> None:
        self.log, self.loaded, self.day = log, loaded, day
        self.written = WrittenUpdates()
        self.without_id = 0
        card = loaded.card.card
        self._changing = frozenset((*MEMORY_KINDS, *(field.name for field in card.event_fields)))

    def remember(self, ids: Sequence[str]) -> Mapping[str, Memory]:
        """What the book remembers of some leads, by their ids; those that it doesn't know are left out."""
        keys = {lead: find_id_key(lead) for lead in ids}
        with self.log.engine.connect() as connection:
            rows: dict[str, BookRow] = read_rows(connection, set(keys.values()))
        return {
            lead: rows[key].remember(self.loaded.card.card.name, self.day) for lead, key in keys.items() if key in rows
        }

    def record(self, leads: Sequence[TypedLead], ignored: tuple[str, ...]) -> None:
        """Record the scores of some leads; `ignored` are the columns that no field of the card uses."""
        card, engine, digest = self.loaded.card.card, self.loaded.engine, self.loaded.digest
        scores = []
        for values, counts in leads:
            lead = find_lead_id(card, values)
            if lead is None:
                self.without_id += 1
                continue
            result = engine.build_result(values, self.day, ignored, counts)
            # The events of a list came with it: they may not be stored.
            kept = encode_input(values, ignored, result.events, has_sent=counts is not None)
            scores.append(LeadScore(lead, kept, find_owner(values), find_title(card, values), digest, result))
        at = now()
        self.written.add(
            write_whole(self.log.engine, lambda connection: write_list_scores(connection, scores, at, self._changing))
        )

    def to_dict(self) -> dict[str, int]:
        """Flat JSON: the leads that are new to the book, moved in it, the same in it and older than it has them, and
        those without an id; the scores that entered the log; the decisions that changed; the messages.
        """
        written = self.written
        return {
            "new": written.new,
            "moved": written.moved,
            "same": written.same,
            "older": written.passed,
            "without_id": self.without_id,
            "scores": written.scores,
            "decisions": written.decisions,
            "messages": written.messages,
        }

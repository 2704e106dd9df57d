"""Reads the book: one lead, some leads, or a page of a list of leads."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, select

from leadledger.api.log import tables
from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.lead_ids import clean_id
from leadledger.api.log.lead_lists import LeadList, LeadPage
from leadledger.api.log.lead_pages import LAST_CHARACTER, read_page
from leadledger.scoring.lead_ids import find_id_key

MOST_SIMILAR_LEADS = 3
MOST_COMPARED_LEADS = 1000
SIMILAR_START = 3  # characters that ids of one kind share, such as 00Q
KEYS_PER_QUERY = 500
MOST_FEEDBACK_READ = 100


class BookStore:
    """The book of a log. Raises SQLAlchemyError where the database fails."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def read_lead(self, lead: str) -> BookRow | None:
        """What the book knows of a lead, under either spelling of its id; None: nothing."""
        return self.read_leads([lead]).get(find_id_key(clean_id(lead)))

    def read_leads(self, leads: Sequence[str]) -> dict[str, BookRow]:
        """What the book knows of some leads, by the keys of their ids; nothing of those that it doesn't know."""
        keys = list(dict.fromkeys(find_id_key(clean_id(lead)) for lead in leads))
        rows: dict[str, BookRow] = {}
        with self.engine.connect() as connection:
            for start in range(0, len(keys), KEYS_PER_QUERY):
                wanted = tables.book.c.key.in_(keys[start : start + KEYS_PER_QUERY])
                for row in connection.execute(select(tables.book).where(wanted)):
                    rows[row.key] = BookRow._make(row)
        return rows

    def read_feedback(self, lead: str) -> list[dict[str, Any]]:
        """What sales said of a lead, the newest first, at most `MOST_FEEDBACK_READ`."""
        table = tables.feedback
        query = (
            select(table)
            .where(table.c.lead_key == find_id_key(clean_id(lead)))
            .order_by(table.c.number.desc())
            .limit(MOST_FEEDBACK_READ)
        )
        with self.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def find_similar(self, lead: str) -> list[str]:
        """Ids of the book that are like one that isn't in it, the likest first: they begin alike, in whatever case."""
        lead = clean_id(lead)
        start = lead[:SIMILAR_START]
        if not start:
            return []
        key = tables.book.c.key
        near: dict[str, list[str]] = {}  # by the id in small letters
        with self.engine.connect() as connection:
            for begins in dict.fromkeys((start, start.upper(), start.lower())):
                query = select(key).where(key >= begins, key < begins + LAST_CHARACTER).limit(MOST_COMPARED_LEADS)
                for other in map(str, connection.execute(query).scalars()):
                    near.setdefault(other.lower(), []).append(other)
        similar = difflib.get_close_matches(lead.lower(), near, MOST_SIMILAR_LEADS)
        return [other for text in similar for other in near[text]][:MOST_SIMILAR_LEADS]

    def list_leads(self, wanted: LeadList) -> LeadPage:
        """A page of a list of leads.

        The order is that of the values as they are when the page is read; leads with one value are in the order of
        their keys. A lead that moves between two pages may come twice or not at all; all others come once.
        """
        with self.engine.connect() as connection:
            return read_page(connection, wanted)

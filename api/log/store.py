"""Reads, prunes and erases the decision log."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from time import monotonic, sleep
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    delete,
    exists,
    func,
    literal,
    select,
    text,
    tuple_,
    update,
)

from leadledger.api.log import tables
from leadledger.api.log.database import WRITES, label_address, watch_file
from leadledger.api.log.event_store import erase_events, list_ids
from leadledger.api.log.record import make_storable, now
from leadledger.scoring.errors import DataError
from leadledger.scoring.lead_ids import find_id_key, list_spellings
from leadledger.scoring.text_forms import WHITE_SPACE

MOST_SCORES_OF_DAY = 2_000  # of the leads of a page that are read
FORGOTTEN: Mapping[str, None] = {"lead": None, "input": None, "result": None}  # what forgetting sets in a score
ANSWERS_KEPT_FOR = timedelta(days=7)  # for repeated requests; HubSpot repeats its own for three days
REFUSED_ITEM = '"status":422'  # in the answer to a batch, which tells what was wrong with a lead
ROWS_PER_FETCH = 1000
ROWS_PER_DELETE = 5000  # in one transaction, so that no other waits long
CHECKPOINT_PATIENCE = 10.0  # seconds that readers have to finish
MOST_SIMILAR = 3
MOST_COMPARED = 1000
LONGEST_SIMILAR_START = 3  # characters that ids of one kind share, such as 00Q


class Forgotten(NamedTuple):
    """How much was forgotten of a lead: scores that are now nobody's; events, rows of the book, what sales said of it,
    and messages, which are gone.
    """

    scores: int
    events: int
    book: int
    feedback: int
    messages: int


class LogStore:
    """The decision log, for readers and for pruning and forgetting. Raises SQLAlchemyError where the database fails."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.check_file = watch_file(engine)

    @property
    def label(self) -> str:
        """The address of the log without its password, for messages."""
        return label_address(self.engine.url)

    # -- reading -------------------------------------------------------------------------------------------------------

    def read_score(self, score_id: str) -> dict[str, Any] | None:
        """One score as a row of the table, or None."""
        with self.engine.connect() as connection:
            row = connection.execute(
                select(tables.scores).where(tables.scores.c.id == make_storable(score_id))
            ).one_or_none()
        return None if row is None else dict(row._mapping)

    def read_lead_scores(self, lead: str, limit: int, before: str = "") -> list[dict[str, Any]] | None:
        """At most `limit` scores of a lead, newest first, from those before the score with the id `before` if given.

        None where the log has no score `before`.
        """
        table, before = tables.scores, make_storable(before)
        query = (
            select(table)
            .where(table.c.lead.in_(_spellings(lead)))
            .order_by(table.c.at.desc(), table.c.id.desc())
            .limit(limit)
        )
        with self.engine.connect() as connection:
            if before:
                at = connection.execute(select(table.c.at).where(table.c.id == before)).scalar()
                if at is None:
                    return None
                older = (table.c.at < at) | ((table.c.at == at) & (table.c.id < before))
                query = query.where(older)
            return [dict(row._mapping) for row in connection.execute(query)]

    def read_score_by(self, lead: str, day: str) -> dict[str, Any] | None:
        """The last score of a lead by a day, as a row of the table; None: there is none."""
        table = tables.scores
        query = (
            select(table)
            .where(table.c.lead.in_(_spellings(lead)), table.c.as_of <= day)
            .order_by(table.c.as_of.desc(), table.c.at.desc(), table.c.id.desc())
            .limit(1)
        )
        with self.engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else dict(row._mapping)

    def read_advice_of(self, day: str, leads: Sequence[str]) -> list[tuple[str, str, str]]:
        """The scores of leads as of a day, the newest first, at most so many: lead, time and recommendation."""
        table = tables.scores.c
        names = [name for lead in leads for name in _spellings(lead)]
        query = (
            select(table.lead, table.at, table.recommendation)
            .where(table.lead.in_(names), table.at >= _day_before(day), table.as_of == day)
            .order_by(table.at.desc(), table.id.desc())
            .limit(MOST_SCORES_OF_DAY)
        )
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def read_lead_outcomes(self, lead: str) -> list[dict[str, Any]]:
        """What became of a lead, by day."""
        table = tables.outcomes
        with self.engine.connect() as connection:
            rows = connection.execute(
                select(table).where(table.c.lead.in_(_spellings(lead))).order_by(table.c.on, table.c.at)
            )
            return [dict(row._mapping) for row in rows]

    def read_card(self, digest: str) -> str | None:
        """The text of a card that was served without a release, or None."""
        with self.engine.connect() as connection:
            return connection.execute(select(tables.cards.c.text).where(tables.cards.c.digest == digest)).scalar()

    def read_scores(self, since: str = "", until: str = "") -> Iterator[dict[str, Any]]:
        """All scores, oldest first, from the day `since` to the end of the day `until`; empty: no bound."""
        table = tables.scores
        query = select(table).order_by(table.c.at, table.c.id)
        if since:
            query = query.where(table.c.at >= since)
        if until:
            query = query.where(table.c.at < f"{until}T24")
        with self.engine.connect().execution_options(yield_per=ROWS_PER_FETCH) as connection:
            for row in connection.execute(query):
                yield dict(row._mapping)

    def read_scores_by_lead(self, *, advice: bool = False) -> Iterator[Any]:
        """All scores (id, at, lead, card, as_of, input), grouped by lead and ordered by day.

        `advice`: with what was recommended, and the whole answer (recommendation, result). The database sorts them, so
        that they needn't fit in memory.
        """
        table = tables.scores.c
        order = (table.lead, table.as_of, table.at, table.id)
        more = (table.recommendation, table.result) if advice else ()
        query = select(table.id, table.at, table.lead, table.card, table.as_of, table.input, *more).order_by(*order)
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":  # sorting a long log takes longer than a request may
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            yield from connection.execute(query, execution_options={"yield_per": ROWS_PER_FETCH})

    def read_first_scores(self, card: str, after: str, until: str, limit: int) -> list[Any]:
        """The first scores (lead, at, as_of, input, recommendation) of leads by a card, the newest first.

        At most `limit`, of those answered after the day `after` and not after the day `until`.
        """
        table, earlier = tables.scores, tables.scores.alias()
        has_earlier = exists().where(
            earlier.c.lead == table.c.lead, earlier.c.at < table.c.at, earlier.c.card == table.c.card
        )
        query = (
            select(table.c.lead, table.c.at, table.c.as_of, table.c.input, table.c.recommendation)
            .where(table.c.at >= f"{after}T24", table.c.at < f"{until}T24", table.c.card == card)
            .where(table.c.lead.is_not(None), ~has_earlier)
            .order_by(table.c.at.desc(), table.c.id.desc())
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return list(connection.execute(query))

    def read_first_outcomes(self, leads: Sequence[str], stages: Sequence[str]) -> dict[str, str]:
        """The first day on which leads reached one of some stages, by the key of the lead's id (`find_id_key`)."""
        table, days = tables.outcomes.c, dict[str, str]()
        spellings = sorted({spelling for lead in leads for spelling in _spellings(lead)})
        with self.engine.connect() as connection:
            for start in range(0, len(spellings), ROWS_PER_FETCH):
                part = table.lead.in_(spellings[start : start + ROWS_PER_FETCH])
                query = select(table.lead, table.on).where(part, table.became.in_(stages))
                for lead, on in connection.execute(query):
                    key = find_id_key(lead)
                    days[key] = min(days.get(key, on), on)
        return days

    def find_last_outcome(self) -> str | None:
        """When the newest outcome was recorded; None: there is none."""
        with self.engine.connect() as connection:
            return connection.execute(select(func.max(tables.outcomes.c.at))).scalar()

    def read_outcomes(self) -> Iterator[Any]:
        """All outcomes (lead, became, on, at), in no order."""
        table = tables.outcomes.c
        with self.engine.connect().execution_options(yield_per=ROWS_PER_FETCH) as connection:
            yield from connection.execute(select(table.lead, table.became, table.on, table.at))

    # -- writing -------------------------------------------------------------------------------------------------------

    def keep_card(self, digest: str, content: str) -> None:
        """Keep the text of a card that is served without a release."""
        with self._writing() as connection:
            insert_once(connection, tables.cards, {"digest": digest, "text": content})

    def find_first_day(self, lead: str) -> str | None:
        """The day of the first score of a lead; None: it was never scored."""
        table = tables.scores
        with self.engine.connect() as connection:
            first = connection.execute(
                select(func.min(table.c.as_of)).where(table.c.lead.in_(_spellings(lead)))
            ).scalar()
        return None if first is None else str(first)

    def find_similar_leads(self, lead: str) -> list[str]:
        """Ids of the log that a lead's id may stand for: those that differ in case, and those that begin like it."""
        column = tables.scores.c.lead
        start = lead[:LONGEST_SIMILAR_START]
        with self.engine.connect() as connection:
            same = select(column).where(func.lower(column) == lead.lower()).distinct().limit(MOST_SIMILAR)
            begins = select(column).where(column.startswith(start, autoescape=True)).distinct().limit(MOST_COMPARED)
            near = connection.execute(begins).scalars().all() if start else []
            matches = difflib.get_close_matches(lead, [str(lead) for lead in near], MOST_SIMILAR)
            return list(dict.fromkeys([*map(str, connection.execute(same).scalars()), *matches]))[:MOST_SIMILAR]

    def add_outcome(self, lead: str, became: str, on: str, key: str) -> bool:
        """Record what became of a lead on a day. Returns whether that is new."""
        row = {"lead": make_storable(lead), "became": became, "on": on, "at": now(), "key": key}
        with self._writing() as connection:
            return insert_once(connection, tables.outcomes, row)

    def expire(self) -> None:
        """Delete answers to requests with an Idempotency-Key that are too old to be repeated."""
        before = f"{datetime.now(UTC) - ANSWERS_KEPT_FOR:%Y-%m-%dT%H:%M:%S}"
        with self._writing() as connection:
            connection.execute(delete(tables.answers).where(tables.answers.c.at < before))

    def prune(self, before: str) -> dict[str, int]:
        """Delete everything older than a time, in steps, so that scores are recorded meanwhile.

        Events are as old as their receipt; a join goes once no event of either id is left. A lead leaves the book when
        its last score is that old, and a message stays for as long as it waits to be delivered. Returns the number of
        rows by table.
        """
        counts = {}
        for table in _PRUNED:
            keys = list(table.primary_key.columns)
            old = select(*keys).where(_is_older(table, before)).limit(ROWS_PER_DELETE)
            counts[table.name] = 0
            while True:
                with self._writing() as connection:
                    deleted = connection.execute(delete(table).where(tuple_(*keys).in_(old))).rowcount
                counts[table.name] += deleted
                if deleted < ROWS_PER_DELETE:
                    break
        return counts

    def forget(self, lead: str) -> Forgotten:
        """Erase a lead with all ids that joins give it: values, ledgers, kept answers, events, its row of the book,
        what sales said of it, and messages. Its points stay.

        SQLite overwrites what it erases (`secure_delete`), also in its write-ahead log. Raises DataError where that
        can't be done yet, since a reader of the log holds on to what it was.
        """
        table = tables.scores
        with self.engine.connect() as connection:
            leads = list_ids(connection, lead)
            score_ids = connection.execute(select(table.c.id).where(table.c.lead.in_(leads))).scalars().all()
            answers = _find_answers(connection, frozenset(score_ids))
        for start in range(0, len(answers), ROWS_PER_DELETE):
            keys = tuple_(tables.answers.c.key, tables.answers.c.name)
            with self._writing() as connection:
                connection.execute(delete(tables.answers).where(keys.in_(answers[start : start + ROWS_PER_DELETE])))
        with self._writing() as connection:
            if connection.dialect.name == "postgresql":
                # Whoever records scores writes the book too, and waits: else a score might be left without its row, or
                # a row without a score that has a name.
                connection.execute(text("LOCK TABLE book IN EXCLUSIVE MODE"))
            scores: int = connection.execute(update(table).where(table.c.lead.in_(leads)).values(FORGOTTEN)).rowcount
            connection.execute(update(tables.outcomes).where(tables.outcomes.c.lead.in_(leads)).values(lead=None))
            events = erase_events(connection, leads)
            book, feedback, messages, *_ = (
                connection.execute(delete(column.table).where(column.in_(leads))).rowcount for column in _LEAD_KEYS
            )
        if self.engine.dialect.name == "sqlite":
            self._empty_write_ahead_log()
        return Forgotten(scores, events, book, feedback, messages)

    def _empty_write_ahead_log(self) -> None:
        """Write the write-ahead log of SQLite into the file, and cut it off. Raises DataError.

        https://www.sqlite.org/pragma.html#pragma_wal_checkpoint
        """
        until = monotonic() + CHECKPOINT_PATIENCE
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while True:
                busy = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()[0]
                if not busy:
                    return
                if monotonic() > until:
                    break
                sleep(0.1)
        raise DataError(
            f"the lead is erased from the tables, but a reader of {self.engine.url.database} keeps what they held in"
            " its write-ahead log; end it, and forget the lead once more"
        )

    def _writing(self) -> Any:
        return self.engine.execution_options(**WRITES).begin()


_PRUNED = (
    tables.scores,
    tables.answers,
    tables.outcomes,
    tables.events,
    tables.joins,
    tables.book,
    tables.feedback,
    tables.deliveries,
    tables.messages,
)
# What else is of a lead, by the key of its id. Messages go before their deliveries, as they are written.
_LEAD_KEYS = (
    tables.book.c.key,
    tables.feedback.c.lead_key,
    tables.messages.c.lead_key,
    tables.deliveries.c.lead_key,
    tables.synced_records.c.lead_key,
)


def _is_older(table: Table, before: str) -> ColumnElement[bool]:
    """Which rows of a table are older than a time, and can go."""
    messages, deliveries = tables.messages.c, tables.deliveries.c
    if table is tables.events:
        return table.c.received < before
    if table is tables.joins:
        events = tables.events.c
        return (table.c.received < before) & ~exists().where(events.lead.in_([table.c.lead, table.c.other]))
    if table is tables.deliveries:
        is_old = exists().where(messages.number == deliveries.message, messages.at < before)
        hooks = tables.subscriptions.c
        is_nobodys = ~exists().where(hooks.id == deliveries.subscription, hooks.state == "active")
        return ((deliveries.state != "waiting") | is_nobodys) & is_old
    if table is tables.messages:
        return (messages.at < before) & ~exists().where(deliveries.message == messages.number)
    return table.c.at < before


def _day_before(day: str) -> str:
    """The day before another: where the card's day begins, it may still be that one in UTC."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _spellings(lead: str) -> list[str]:
    """A lead's id as the log may hold it."""
    return [make_storable(spelling) for spelling in list_spellings(lead.strip(WHITE_SPACE))]


def _find_answers(connection: Connection, scores: frozenset[str]) -> list[tuple[str, str]]:
    """The keys of the kept answers that hold one of some scores, or a refused lead, of which nobody knows whose it is.

    Without its kept answer, a request that comes again is answered anew.
    """
    table = tables.answers
    rows = connection.execution_options(yield_per=ROWS_PER_FETCH).execute(
        select(table.c.key, table.c.name, table.c.scores, table.c.body.contains(REFUSED_ITEM))
    )
    return [(key, name) for key, name, ids, refused in rows if refused or not scores.isdisjoint(ids.split())]


def insert_once(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless its unique key exists already. Returns whether it was inserted."""
    if connection.dialect.name == "postgresql":  # loaded where it is needed, since it takes 25 ms
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]  # the same clauses
    statement = insert(table).values(row).on_conflict_do_nothing().returning(literal(1))
    return connection.execute(statement).first() is not None

"""Rows of the book that a newer day or another release makes stale, in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, func, or_, select

from leadledger.api.log import tables
from leadledger.api.log.book_rows import BookRow

ROWS_PER_PAGE = 1_000
_BOOK = tables.book.c


class BookState(NamedTuple):
    """Of which day and release the rows of a card are to be. `day` is a text, `digest` that of a card alone."""

    card: str
    release: str
    digest: str
    day: str

    @property
    def is_stale(self) -> ColumnElement[bool]:
        """Which rows of the card are of an earlier day, or of that day and another release."""
        is_of_other_release = or_(_BOOK.release != self.release, _BOOK.card_digest != self.digest)
        is_behind = or_(_BOOK.as_of < self.day, and_(_BOOK.as_of == self.day, is_of_other_release))
        return and_(_BOOK.card == self.card, is_behind)


class BookCounts(NamedTuple):
    """How many rows the book has: of the card those that are stale, of a later day, and all; and of other cards."""

    stale: int
    later: int
    all: int
    of_other_cards: int


def count_rows(engine: Engine, state: BookState) -> BookCounts:
    """Count the rows of the book."""
    is_of_card = _BOOK.card == state.card
    conditions = (state.is_stale, and_(is_of_card, _BOOK.as_of > state.day), is_of_card, ~is_of_card)
    counts = [func.coalesce(func.sum(case((condition, 1), else_=0)), 0) for condition in conditions]
    with engine.connect() as connection:
        _wait_for_long_queries(connection)
        return BookCounts(*map(int, connection.execute(select(*counts)).one()))


def read_stale(engine: Engine, state: BookState, rows: int = ROWS_PER_PAGE) -> Iterator[list[BookRow]]:
    """The stale rows, some at a time. Nothing is held open between two pages, so they may be written meanwhile."""
    query = select(*[_BOOK[name] for name in BookRow._fields]).where(state.is_stale).order_by(_BOOK.key).limit(rows)
    last = None
    while True:
        with engine.connect() as connection:
            _wait_for_long_queries(connection)
            following = query if last is None else query.where(_BOOK.key > last)
            page = [BookRow._make(row) for row in connection.execute(following)]
        if page:
            yield page
        if len(page) < rows:
            return
        last = page[-1].key


def _wait_for_long_queries(connection: Connection) -> None:
    """Where few of many rows are stale, it takes longer to find them than a request may."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")

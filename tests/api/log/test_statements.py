"""Statements that the driver runs are part of the transaction, and fail as those of SQLAlchemy do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from leadledger.api.log import database, tables
from leadledger.api.log.statements import COMMIT, Statement, is_postgres, run
from tests.postgres import server

CARDS = tables.cards


@pytest.fixture
def engine(url: str, tmp_path: Path) -> Iterator[Engine]:
    """A log whose table `cards` is empty."""
    engine = database.open_database(url, tmp_path)
    with engine.execution_options(**database.WRITES).begin() as connection:
        connection.execute(CARDS.delete())
    yield engine
    engine.dispose()


def begin(engine: Engine) -> Connection:
    """A connection that will write."""
    return engine.connect().execution_options(**database.WRITES)


def insert(connection: Connection, digest: str, content: str | None) -> Statement:
    """The statement that keeps a card."""
    marks = "$1, $2" if is_postgres(connection) else "?, ?"
    return Statement(f"INSERT INTO cards (digest, text) VALUES ({marks})", (digest, content))


def count(engine: Engine) -> int:
    """How many cards are kept."""
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(CARDS)).scalar_one())


@pytest.mark.parametrize("content", ["", "x", "Ünïcode − 漢字 '\"\\%s$1?", "long " * 100_000])
def test_texts_come_back(engine: Engine, content: str) -> None:
    """What is written comes back, to the last character, and so does that nothing does."""
    with begin(engine) as connection, connection.begin():
        query = Statement("SELECT text FROM cards")
        assert run(connection, [query, insert(connection, "a", content), query]) == [None, None, content]


@pytest.mark.parametrize("number", [0.1, 1e308, 5e-324, 2.0**53 + 2, -7, None])
def test_numbers_are_passed_exactly(engine: Engine, number: float | None) -> None:
    """Numbers are passed to the last bit."""
    with begin(engine) as connection, connection.begin():
        mark = "$1::float8" if is_postgres(connection) else "?"
        same = f"{number!r}{'::float8' if is_postgres(connection) else ''}"
        query = f"SELECT CASE WHEN {mark} {'IS NULL' if number is None else f'= {same}'} THEN 'same' END"
        assert run(connection, [Statement(query, (number,))]) == ["same"]


def test_they_are_part_of_the_transaction(engine: Engine) -> None:
    """Both kinds of statements are kept together, or neither is; a COMMIT among them ends the transaction."""
    for turn in range(8):  # a driver that prepares what is repeated would end what is prepared here
        with begin(engine) as connection, connection.begin() as transaction:
            connection.execute(CARDS.insert(), {"digest": "a", "text": "x"})
            run(connection, [insert(connection, "b", "y")])
            assert connection.execute(select(func.count()).select_from(CARDS)).scalar() == 2, turn
            transaction.rollback()
    assert count(engine) == 0
    with begin(engine) as connection, connection.begin():
        run(connection, [insert(connection, "c", "z"), COMMIT])
        assert count(engine) == 1
    assert count(engine) == 1


def test_one_that_fails(engine: Engine) -> None:
    """The error is SQLAlchemy's and holds no value; nothing of the transaction is kept; the connection can be used."""
    with begin(engine) as connection:
        for _ in range(2):
            with pytest.raises(IntegrityError) as raised, connection.begin():
                run(connection, [insert(connection, "secret", "x"), insert(connection, "b", None), COMMIT])
            assert "secret" not in str(raised.value)
            assert not database.is_database_down(raised.value)
        with connection.begin():
            run(connection, [insert(connection, "b", "y"), COMMIT])
    assert count(engine) == 1


def test_more_than_the_network_takes_at_once(engine: Engine) -> None:
    """Statements that are longer than all buffers on the way are sent while results are read."""
    size = 300_000
    with begin(engine) as connection, connection.begin():
        query = "SELECT $1::text" if is_postgres(connection) else "SELECT ?"
        texts = [chr(97 + number) * size for number in range(20)]
        assert run(connection, [Statement(query, (content,)) for content in texts]) == texts


def test_a_connection_that_is_lost(tmp_path: Path) -> None:
    """The failure says that the database is down, and the next connection works."""
    with server() as url:
        engine = database.open_database(url, tmp_path)
        with begin(engine) as connection, begin(engine) as other:
            (number,) = run(connection, [Statement("SELECT pg_backend_pid()::text")])
            other.execute(text("SELECT pg_terminate_backend(:number, 5000)"), {"number": int(number or 0)})
            with pytest.raises(OperationalError) as raised:
                run(connection, [insert(connection, "a", "x")])
            assert database.is_database_down(raised.value)
        with begin(engine) as connection, connection.begin():
            run(connection, [insert(connection, "a", "x")])
        assert count(engine) == 1
        engine.dispose()

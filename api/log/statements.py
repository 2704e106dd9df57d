"""Statements that each score costs, run by the driver itself: SQLAlchemy would take longer than the database.

They run in the transaction of a connection of SQLAlchemy, and fail with its errors, so that both can be mixed. For
PostgreSQL the statements that are run together are prepared, and sent in one message:
https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
"""

from __future__ import annotations

from collections.abc import Sequence
from select import POLLIN, POLLOUT, poll
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult
    from sqlalchemy import Connection


class Statement(NamedTuple):
    """A statement, with the marks of its database (`?` of SQLite, `$1` and so on of PostgreSQL), and their values."""

    sql: str
    values: Sequence[str | bytes | int | float | None] = ()  # bytes are text in UTF-8


COMMIT = Statement("COMMIT")
ENCODING = "utf-8"  # of what PostgreSQL is sent, and sends, whatever that of the database is


def is_postgres(connection: Connection) -> bool:
    """Whether a connection is one to PostgreSQL; else to SQLite."""
    return connection.dialect.name == "postgresql"


def run(connection: Connection, statements: Sequence[Statement]) -> list[str | None]:
    """Run statements in the transaction of a connection. Returns what each yields: one text, or None.

    Raises SQLAlchemyError; those behind a statement that fails aren't run.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    run_by_driver = _run_in_pipeline if is_postgres(connection) else _run_in_turn
    try:
        return run_by_driver(connection, driver, statements)
    except connection.dialect.loaded_dbapi.Error as error:
        from sqlalchemy.exc import DBAPIError

        failure = DBAPIError.instance(
            "; ".join(statement.sql for statement in statements),
            None,  # the values may hold a lead
            error,
            connection.dialect.loaded_dbapi.Error,
            connection_invalidated=connection.invalidated,
            dialect=connection.dialect,
        )
        raise failure from error


def _run_in_turn(connection: Connection, driver: Any, statements: Sequence[Statement]) -> list[str | None]:
    """Run statements of SQLite."""
    cursor = driver.cursor()
    try:
        rows = [cursor.execute(statement.sql, statement.values).fetchone() for statement in statements]
    finally:
        cursor.close()
    return [None if row is None else row[0] for row in rows]


def _run_in_pipeline(connection: Connection, driver: Any, statements: Sequence[Statement]) -> list[str | None]:
    """Run statements of PostgreSQL, and begin the transaction if need be."""
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus, TransactionStatus

    pgconn: PGconn = driver.pgconn
    prepared: dict[str, bytes] = connection.info.setdefault("ll_prepared", {})
    sent = [(sql, [_encode(value) for value in values]) for sql, values in statements]
    if pgconn.transaction_status == TransactionStatus.IDLE:
        sent.insert(0, ("BEGIN", []))
    names: dict[str, bytes] = {}  # of statements that are prepared now
    for sql, _ in sent:
        if sql not in prepared and sql not in names:
            names[sql] = b"ll_%d" % (len(prepared) + len(names))
    try:
        pgconn.enter_pipeline_mode()
        for sql, name in names.items():
            pgconn.send_prepare(name, sql.encode())
        for sql, values in sent:
            pgconn.send_query_prepared(prepared.get(sql) or names[sql], values)
        pgconn.pipeline_sync()
        results = _read_results(pgconn)
        pgconn.exit_pipeline_mode()
    except BaseException:  # what is under way can't be continued
        connection.invalidate()
        raise
    for (sql, name), result in zip(names.items(), results, strict=False):  # what is prepared outlives a failure
        if result.status == ExecStatus.COMMAND_OK:
            prepared[sql] = name
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result, ENCODING)
    texts = [result.get_value(0, 0) if result.ntuples else None for result in results[-len(statements) :]]
    return [None if text is None else text.decode() for text in texts]


def _read_results(pgconn: PGconn) -> list[PGresult]:
    """The results of all that was sent up to the end of the pipeline."""
    from psycopg.errors import OperationalError
    from psycopg.pq import ConnStatus, ExecStatus

    results: list[PGresult] = []
    while True:
        while pgconn.is_busy() or pgconn.flush():
            poller = poll()
            poller.register(pgconn.socket, POLLIN | (POLLOUT if pgconn.flush() else 0))
            poller.poll()
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:  # behind the last result of a statement
            if pgconn.status != ConnStatus.OK:
                raise OperationalError("the connection is lost")
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            return results
        results.append(result)


def _encode(value: str | bytes | float | None) -> bytes | None:
    return value if value is None or isinstance(value, bytes) else str(value).encode()

"""Checks of the log: its database, the book of known leads, the hooks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, case, func, select

from leadledger.api.doctor.finding import Finding
from leadledger.api.doctor.home_checks import judge_mode, write_size
from leadledger.api.doctor.installation import Installation
from leadledger.api.hooks.subscriptions import Subscriptions, write_time
from leadledger.api.log import tables
from leadledger.api.log.database import label_address
from leadledger.api.log.outbox import ACTIVE, DEAD, DISABLED, WAITING
from leadledger.api.log.tables import HEAD
from leadledger.scoring.errors import DataError

OVERDUE = timedelta(minutes=15)  # that a message may wait behind its time
CLOCK_ERROR = timedelta(minutes=5)


def check_log(installation: Installation) -> Iterator[Finding]:
    """Whether the database can be reached, and its tables are those of this program."""
    try:
        database = installation.database
    except DataError as error:
        yield Finding("problem", str(error), "start the database, or correct --log-url or LEADLEDGER_LOG_URL")
        return
    start = installation.word_command("serve")
    if database is None:
        if installation.has_home:
            yield Finding("missing", "there is none yet; the service makes it when it starts", start)
        return
    engine, version = database
    label = label_address(engine.url)
    if not version:
        yield Finding("missing", f"{label} has no tables yet; the service makes them when it starts", start)
    elif version < HEAD:
        yield Finding(
            "warning",
            f"{label} is of version {version}, and this program changes it to {HEAD} once it opens it",
            f"back it up, then: {start}",
        )
    elif version > HEAD:
        yield Finding(
            "problem",
            f"{label} was written by a later leadledger (its version is {version}, this program knows {HEAD})",
            "pip install --upgrade leadledger",
        )
    else:
        yield Finding("ok", f"{label}{_describe_size(engine)}, {_describe_last_score(engine)}")
    if engine.dialect.name == "sqlite":
        yield from judge_mode(Path(engine.url.database or ""))


def check_book(installation: Installation) -> Iterator[Finding]:
    """Whether the known leads were worked out again of late."""
    engine, loaded = installation.log_engine, installation.loaded
    if engine is None or loaded is None:
        return
    book = tables.book.c
    yesterday = installation.today - timedelta(days=1)
    is_behind = case((book.as_of < yesterday.isoformat(), 1), else_=0)
    name = loaded.card.card.name
    query = select(func.count(), func.coalesce(func.sum(is_behind), 0), func.min(book.as_of)).where(book.card == name)
    with engine.connect() as connection:
        leads, behind, earliest = connection.execute(query).one()
    rescore = installation.word_command("rescore")
    if not leads:
        yield Finding("missing", f"no lead of the card '{name}' yet: score leads with an id", "POST /v1/score")
    elif behind * 2 > leads:
        yield Finding(
            "problem",
            f"{behind:,} of {leads:,} leads were last worked out before yesterday, the earliest as of {earliest}:"
            " nothing rescores them every day",
            f"{rescore}, and then every day by a timer",
        )
    elif behind:
        yield Finding(
            "warning",
            f"{behind:,} of {leads:,} leads were last worked out before yesterday, the earliest as of {earliest}",
            f"{rescore} says why, if it leaves them",
        )
    else:
        yield Finding("ok", f"all worked out yesterday or today; leads: {leads:,}")


def check_hooks(installation: Installation) -> Iterator[Finding]:
    """Whether subscriptions are active, and their messages are delivered."""
    engine = installation.log_engine
    if engine is None:
        return
    subscriptions = Subscriptions(engine).list_all(installation.now)
    if not subscriptions:
        add = installation.word_command("hooks add URL")
        yield Finding("missing", "there are none: no other system learns of decisions by itself", add)
        return
    active = sum(known.state == ACTIVE for known in subscriptions)
    waiting = _count_deliveries(engine, WAITING)
    yield Finding("ok", f"{active:,} of {len(subscriptions):,} active; messages waiting: {sum(waiting.values()):,}")
    for known in subscriptions:
        if known.state == DISABLED:
            test = installation.word_command(f"hooks test {known.id}")
            yield Finding("problem", f"{known.id} is disabled: {known.problem}", test)
    for hook, dead in _count_deliveries(engine, DEAD).items():
        resend = installation.word_command(f"hooks resend {hook}")
        yield Finding("problem", f"messages of {hook} that could not be delivered: {dead:,}", resend)
    late = _count_deliveries(engine, WAITING, installation.now - OVERDUE)
    overdue = sum(late.get(known.id, 0) for known in subscriptions if known.state == ACTIVE)
    if overdue:
        deliver = installation.word_command("hooks deliver")
        text = f"messages that have been due for a quarter of an hour: {overdue:,}; does the service run?"
        yield Finding("problem", text, deliver)


def find_late_clock(installation: Installation) -> Iterator[Finding]:
    """A problem where the log has a score of a time that lies ahead: a clock is wrong, or was."""
    engine = installation.log_engine
    last = None if engine is None else _read_last_score(engine)
    if last is not None and last > installation.now + CLOCK_ERROR:
        yield Finding(
            "problem",
            f"the log has a score of {last:%Y-%m-%d %H:%M} UTC, and this machine's clock says"
            f" {installation.now:%Y-%m-%d %H:%M}",
            "timedatectl set-ntp true",
        )


def _read_last_score(engine: Engine) -> datetime | None:
    with engine.connect() as connection:
        last = connection.execute(select(func.max(tables.scores.c.at))).scalar()
    return None if last is None else datetime.fromisoformat(last)


def _describe_last_score(engine: Engine) -> str:
    last = _read_last_score(engine)
    return "without a score yet" if last is None else f"last score {last:%Y-%m-%d %H:%M} UTC"


def _describe_size(engine: Engine) -> str:
    if engine.dialect.name != "sqlite":
        return ""
    return f", {write_size(Path(engine.url.database or '').stat().st_size)}"


def _count_deliveries(engine: Engine, state: str, before: datetime | None = None) -> dict[str, int]:
    """How many deliveries are in a state, by subscription; with `before`, those that were due before a time."""
    deliveries = tables.deliveries.c
    query = select(deliveries.subscription, func.count()).where(deliveries.state == state)
    if before is not None:
        query = query.where(deliveries.due < write_time(before))
    with engine.connect() as connection:
        rows = connection.execute(query.group_by(deliveries.subscription).order_by(deliveries.subscription))
        return {row[0]: row[1] for row in rows}

"""Check of syncs with CRMs: whether they run, and what they left alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select

from leadledger.api.doctor.finding import Finding
from leadledger.api.doctor.installation import Installation
from leadledger.api.log import tables
from leadledger.api.log.sync_store import LIVE, SyncState

SILENCE = timedelta(days=1)  # after which nobody runs a sync any more: the rarest timer that makes sense is daily


def check_syncs(installation: Installation) -> Iterator[Finding]:
    """Of each CRM that was synced: whether its last run ended well, and how long ago that was."""
    engine = installation.log_engine
    if engine is None:
        return
    states = _read_states(engine)
    if not states:
        dry_run = installation.word_command("sync SYSTEM --dry-run")
        yield Finding("missing", "no CRM was synced by this log: leads come by requests or lists alone", dry_run)
    for state in states:
        system, _, scope = state.system.partition("/")
        sync = installation.word_command(f"sync {system}{f' --object {scope}' if scope else ''}")
        last = datetime.fromisoformat(state.at)
        live, left = _count_records(engine, state.system)
        ended = f"{last:%Y-%m-%d %H:%M} UTC"
        if state.problem:
            yield Finding("problem", f"the last run of {state.system}, at {ended}, failed: {state.problem}", sync)
        elif last < installation.now - SILENCE:
            yield Finding("warning", f"{state.system} was synced last at {ended}", f"{sync}, and then by a timer")
        else:
            yield Finding("ok", f"{state.system}: the last run ended at {ended}, records: {live:,}")
        if left:
            yield Finding(
                "warning", f"records of {state.system} that were left as they are: {left:,}", f"{sync} says why"
            )


def _read_states(engine: Engine) -> list[SyncState]:
    columns = [tables.sync_states.c[name] for name in SyncState._fields]
    with engine.connect() as connection:
        rows = connection.execute(select(*columns).where(tables.sync_states.c.at != "").order_by(columns[0]))
        return [SyncState._make(row) for row in rows]


def _count_records(engine: Engine, system: str) -> tuple[int, int]:
    """How many records of an account are live, and how many have a problem."""
    records = tables.synced_records.c
    query = select(
        func.count().filter(records.state == LIVE),
        func.count().filter(records.problem != ""),
    ).where(records.system == system)
    with engine.connect() as connection:
        live, left = connection.execute(query).one()
    return live, left

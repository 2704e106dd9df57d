"""Calls of CRMs: one whose signature is right tells that some records changed. They are read, scored, written back.

A call is answered once its signature and the ids of its records are in the log. The records are synced after that, by
whichever worker gets to it: one that dies loses nothing, and what is missed here, the next sync finds.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from leadledger.api.log.call_store import CallStore
from leadledger.api.log.database import describe_for_callers
from leadledger.api.log.recorder import not_recorded
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.scoring import today
from leadledger.api.service.service import Service
from leadledger.api.service.thread_calls import call_in_thread
from leadledger.api.sync.call_signatures import SignedCall, check_signature
from leadledger.api.sync.called_records import list_called_records
from leadledger.api.sync.settings import ConnectorKind, read_secret_file
from leadledger.scoring.errors import SyncError

SECRETS_FILE = "crm-secrets"  # in the home
LOOK_INTERVAL = 20.0  # seconds between two looks for records that another worker left, or a CRM that failed
BUSY_INTERVAL = 2.0  # while another sync of the account is at work
MOST_RECORDS_AT_ONCE = 100
REFUSED = (
    "The signature is missing, wrong, older than five minutes, or was used before; or nothing is set up for this"
    " system."
)


class Incoming:
    """Takes calls of CRMs for a service, and syncs the records that they tell of. Each worker has one."""

    def __init__(self, service: Service) -> None:
        assert service.decision_log is not None
        self.service, self.log = service, service.decision_log
        self._called = asyncio.Event()

    async def take(self, system: str, call: SignedCall) -> dict[str, Any]:
        """Take a call: how many records it tells of. Raises Refusal.

        401: its signature doesn't count; 400: its body is no JSON; 503: the log fails, or nothing opens the CRM's API.
        """
        kind = await call_in_thread(_find_kind, system)
        secret = "" if kind is None else await call_in_thread(self._read_hook_secret, kind)
        # Without a secret the work is the same, so that the time tells nothing about what is set up.
        digest = check_signature(system, call, secret or "bm9ib2R5IGhhcyB0aGlz", time.time())
        if kind is None or not secret or not digest:
            raise self._refuse(kind)
        try:
            settings = await call_in_thread(self._gather, kind)
        except SyncError as error:
            self.service.program_log.write("error", "call", system=system, message=str(error))
            raise Refusal(503, f"The service has no access to {kind.title} yet; its log says why.") from None
        body = parse_json(call.body)
        account = kind.name_account(settings)
        ids = list_called_records(system, body, settings.get(kind.scope, ""))
        try:
            is_new = await call_in_thread(CallStore(self.log.store.engine).take, digest, account, ids)
        except SQLAlchemyError as error:
            raise not_recorded(describe_for_callers(error)) from None
        if not is_new:
            raise self._refuse(kind)
        self.service.metrics.count_call(system, "taken")
        if ids:
            self._called.set()
        return {"records": len(ids)}

    async def run(self) -> None:
        """Sync the records that calls told of, until it is cancelled."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._called.wait(), LOOK_INTERVAL)
            self._called.clear()
            try:
                for account in await call_in_thread(CallStore(self.log.store.engine).list_accounts):
                    if not await call_in_thread(self._sync, account):
                        await asyncio.sleep(BUSY_INTERVAL)
                        self._called.set()
            except Exception as error:
                # The log fails, or something that nobody has thought of does: the records wait for the next look.
                self.service.program_log.write("error", "call", message="not read", error=type(error).__name__)

    def _sync(self, account: str) -> bool:
        """Sync the records of an account that wait. False: another sync of it is at work."""
        from leadledger.api.sync.record_sync import sync_records

        service, system = self.service, account.partition("/")[0]
        store = CallStore(self.log.store.engine)
        kind = _find_kind(system)
        waiting = store.read_waiting(account, MOST_RECORDS_AT_ONCE)
        if kind is None or not waiting:
            return True
        ids = [record_id for record_id, _ in waiting]
        loaded = service.loaded
        day = today(loaded.card.card.time_zone)
        try:
            connector = kind.open(self._gather(kind))
            try:
                report = sync_records(self.log.store, loaded, service.settings.home, connector, account, ids, day)
            finally:
                connector.close()
        except SyncError as error:  # the records wait, and the next look or sync reads them
            service.program_log.write("warning", "call", system=system, records=len(ids), message=str(error))
            return True
        if report.is_busy:
            return False
        store.settle(account, waiting)
        service.program_log.write(
            "info", "call", system=system, records=len(ids), scored=report.scored, written=report.written
        )
        return len(ids) < MOST_RECORDS_AT_ONCE

    def _refuse(self, kind: ConnectorKind | None) -> Refusal:
        self.service.metrics.count_call("other" if kind is None else kind.system, "refused")
        return Refusal(401, REFUSED, headers={"WWW-Authenticate": "Signature"})

    def _read_hook_secret(self, kind: ConnectorKind) -> str:
        """The secret that signs calls of a system; empty: there is none."""
        name = f"LEADLEDGER_{kind.system}_HOOK_SECRET".upper()
        try:
            return self._read_secrets(kind).get(name) or os.environ.get(name, "")
        except SyncError as error:
            self.service.program_log.write("error", "call", system=kind.system, message=str(error))
            return ""

    def _gather(self, kind: ConnectorKind) -> dict[str, str]:
        """The settings of a connector, of the file or the environment. Raises SyncError."""
        return kind.gather({}, {**os.environ, **self._read_secrets(kind)}, None)

    def _read_secrets(self, kind: ConnectorKind) -> Mapping[str, str]:
        path = self.service.settings.home / SECRETS_FILE
        return read_secret_file(Path(path), kind) if path.exists() else {}


def _find_kind(system: str) -> ConnectorKind | None:
    """The kind of connector of a system; None: there is none. All of them are loaded with the first call."""
    from leadledger.api.sync.connectors import CONNECTORS

    return CONNECTORS.get(system)

"""Syncs that are killed at random moments, in processes of their own, while leads change in HubSpot."""

from __future__ import annotations

import multiprocessing
import random
import threading
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import sleep

from leadledger.api.sync.account import list_property_kinds
from leadledger.api.sync.hubspot import HubSpotConnector
from tests.api.sync.servers.crm_server import CrmHandler, CrmReply, CrmRequest, break_off, running
from tests.api.sync.servers.hubspot_server import TOKEN, HubSpotServer
from tests.api.sync.syncing import QUICK, check_consistent, opened_site

NAME = "hubspot/contacts"
PATIENCE = 120  # seconds
MOST_CALLS = 12  # of a run, among which the moment is drawn
LONGEST_LATER = 0.15  # seconds after an answer: what a run does between two calls


def sync_once(home: str, url: str) -> None:
    """One run, in the process that is killed."""
    connector = HubSpotConnector(url, TOKEN, "contacts", QUICK)
    with opened_site(Path(home)) as site:
        site.sync(connector, NAME)
    connector.close()


def kill_at_moments(home: Path, leads: int, moments: int, seed: int = 7) -> int:
    """Kill a sync at each of some moments; then a run heals all, and one more writes nothing.

    Returns how many runs were killed before they ended. The moment is a call: it is killed before HubSpot does what is
    asked, after that and before the answer, or a little after the answer, while the run writes to its log.
    """
    drawn = random.Random(seed)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    killed = 0
    with running(HubSpotServer()) as server, opened_site(home) as site:
        connector = HubSpotConnector(server.url, TOKEN, "contacts", QUICK)
        connector.make_properties(list_property_kinds(site.loaded.reader.reply_for("hubspot")))
        ids = [server.create({"jobtitle": drawn.choice(("CEO", "CTO"))}) for _ in range(leads)]
        for _ in range(moments):
            _change_some(server, ids, drawn)
            process = context.Process(target=sync_once, args=(str(home), server.url))
            server.always = _Killer(process, drawn.randrange(1, MOST_CALLS), drawn)
            process.start()
            process.join(PATIENCE)
            killed += process.exitcode != 0
            server.always = None
        site.sync(connector, NAME)
        check_consistent(server, site)
        before = len(server.writes)
        assert site.sync(connector, NAME).written == 0
        assert len(server.writes) == before
        connector.close()
    return killed


class _Killer:
    """Kills a process at its call of some number, in one of three ways."""

    def __init__(self, process: BaseProcess, number: int, drawn: random.Random) -> None:
        self.process, self.left, self.way = process, number, drawn.randrange(3)
        self.later = drawn.random() * LONGEST_LATER

    def __call__(self, handler: CrmHandler, request: CrmRequest) -> CrmReply | None:
        self.left -= 1
        if self.left:
            return None
        if self.way == 2:
            threading.Thread(target=self._kill_later).start()
            return None
        if self.way == 1:
            break_off(handler, request)
        self.process.kill()
        handler.close_connection = True
        return None

    def _kill_later(self) -> None:
        sleep(self.later)
        self.process.kill()


def _change_some(server: HubSpotServer, ids: list[str], drawn: random.Random) -> None:
    """What people do between two runs: they edit, delete, merge and add leads, some at one moment."""
    stamp = server.now_ms()
    for record_id in drawn.sample(ids, 8):
        values = {"jobtitle": drawn.choice(("CEO", "CTO")), "city": drawn.choice(("Oslo", "Bergen"))}
        server.change(record_id, values, at=stamp)
    gone = ids.pop(drawn.randrange(len(ids)))
    server.delete(gone)
    former = ids.pop(drawn.randrange(len(ids)))
    server.merge(drawn.choice(ids), former)
    ids.append(server.create({"city": "Oslo"}))

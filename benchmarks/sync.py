"""A sync beside 100,000 leads of which 1 % changes: API calls, seconds, and whether anything is missed.

HubSpot is a server of this machine that answers as its API documents say, with its limits switched on: 5 searches a
second, 100 calls in 10 seconds. Beside it, what the vendor's limits alone would take.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from sqlalchemy import create_engine, text

from tests.api.sync.killing import kill_at_moments
from tests.api.sync.servers.crm_server import running
from tests.api.sync.servers.hubspot_server import TOKEN, HubSpotServer
from tests.api.sync.syncing import CARD

LEADS = 100_000
CHANGED = 0.01
KILLS = 30
ROOT = Path(__file__).parents[1]
LIMITS = {"search": (5, 1.0), "": (100, 10.0)}


def main(words: Sequence[str]) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="benchmarks sync", description=__doc__)
    parser.add_argument("--leads", type=int, default=LEADS)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    rows = measure(options.leads)
    if not options.json:
        _print_rows(options.leads, rows)
    killed = 0
    if options.kills:
        with TemporaryDirectory() as folder:
            killed = kill_at_moments(Path(folder) / "home", leads=600, moments=options.kills)
    if options.json:
        print(json.dumps({"leads": options.leads, "runs": rows, "kills": options.kills, "killed": killed}))
    elif options.kills:
        before = f"{killed} of them before the end"
        print(f"\n{options.kills} kills at random moments, {before}: the next run healed all")


def _print_rows(leads: int, rows: Sequence[dict[str, Any]]) -> None:
    print(f"{leads:,} contacts, limits on: 5 searches a second, 100 calls in 10 seconds\n")
    titles = f"{'calls':>8}{'seconds':>9}{'of the limit':>14}{'scored':>9}{'written':>9}{'429':>5}{'missed':>8}"
    print(f"{'run':<33}{titles}")
    for row in rows:
        share = row["seconds"] / row["least_seconds"] if row["least_seconds"] else 0
        print(
            f"{row['run']:<33}{row['calls']:>8,}{row['seconds']:>9.1f}{share:>14.2f}{row['scored']:>9,}"
            f"{row['written']:>9,}{row['refused']:>5}{row['missed']:>8}",
            flush=True,
        )


def measure(leads: int) -> list[dict[str, Any]]:
    """What each run took; `missed` counts leads of which book or HubSpot hold anything else than they should."""
    drawn, rows = random.Random(3), []
    with TemporaryDirectory() as folder, running(HubSpotServer()) as server:
        home = Path(folder) / "home"
        home.mkdir()
        (home / "card.yaml").write_text(CARD, "utf-8")
        ids = [server.create({"jobtitle": drawn.choice(("CEO", "CTO"))}, at=1_770_000_000_000) for _ in range(leads)]
        _run(server, home, "--fields")
        server.limits = dict(LIMITS)
        rows.append(_time(server, home, "first, all with one stamp"))
        server.later = timedelta(hours=1)  # so that the writes of the first run lie behind
        stamp = server.now_ms()
        for record_id in drawn.sample(ids, int(leads * CHANGED)):
            server.change(record_id, {"city": "Oslo"}, at=stamp)
        for record_id in ids[:5]:
            server.delete(record_id)
        for stays, goes in zip(ids[10:15], ids[20:25], strict=True):
            server.merge(stays, goes)
        rows.append(_time(server, home, "1 % changed, 5 deleted, 5 merged"))
        for record_id in ids[100:120]:  # committed late: their stamps are older than the watermark
            server.change(record_id, {"city": "Bergen"}, at=stamp - 60_000)
        rows.append(_time(server, home, "20 committed a minute late"))
        rows.append(_time(server, home, "nothing changed"))
    return rows


def _time(server: HubSpotServer, home: Path, title: str) -> dict[str, Any]:
    server.refused, server.requests[:] = 0, []
    started = perf_counter()
    done = _run(server, home)
    seconds = perf_counter() - started
    searches = sum(request.path.endswith("/search") for request in server.requests)
    return {
        "run": title,
        "calls": len(server.requests),
        "seconds": seconds,
        "least_seconds": max(len(server.requests) / 10, searches / 5),
        "refused": server.refused,
        "scored": done["scored"],
        "written": done["written"],
        "missed": _count_missed(server, home),
    }


def _run(server: HubSpotServer, home: Path, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "leadledger", "sync", "hubspot", "--url", server.url, "--home", str(home)]
    done = subprocess.run(
        [*command, "--card", str(home / "card.yaml"), "--json", *words],
        cwd=ROOT,
        env={**os.environ, "LEADLEDGER_HUBSPOT_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _count_missed(server: HubSpotServer, home: Path) -> int:
    engine = create_engine(f"sqlite:///{home / 'log.sqlite3'}")
    with engine.connect() as connection:
        book = {row.lead: row for row in connection.execute(text("SELECT lead, tenths, score FROM book"))}
    engine.dispose()
    records = {key: record for key, record in server.stores["contacts"].records.items() if not record.archived}
    missed = len(book.keys() ^ records.keys())
    for record_id in book.keys() & records.keys():
        properties = records[record_id].properties
        points = 50 + 12 * (properties.get("jobtitle") == "CEO") + 6 * (properties.get("city") == "Oslo")
        row = book[record_id]
        missed += row.tenths != points * 10 or properties.get("leadledger_score") != str(row.score)
    return missed

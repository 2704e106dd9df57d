"""Records a home and its log as a program of some version leaves them, for the tests of upgrades.

    git worktree add /tmp/older COMMIT
    cd /tmp/older && PYTHONPATH=. python /path/of/tests/recorded_home.py /path/of/tests/cases/upgrade

It uses only what every version has. The log becomes text, as SQLite's shell would dump it.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

DAY = "2026-01-02"
LEADS = [
    {"lead_id": f"L-{number}", "need": need, "employees": 20 * number, "newsletter": number % 2 == 0}
    for number, need in enumerate(("urgent", "vague", "none", "urgent", "vague", "urgent"), 1)
]
SCHEMA = "SELECT version_num FROM alembic_version"


def record(home: Path) -> None:
    """Fill a home: two releases, a key, a draft; scores by each release and by a card alone, events, what became."""
    from fastapi.testclient import TestClient

    from leadledger.api.app import create_app
    from leadledger.api.service import keys
    from leadledger.api.service.settings import Settings
    from leadledger.models.releases.store import Releases
    from leadledger.scoring.bins import NumberBins
    from leadledger.scoring.lookup import Table
    from leadledger.scoring.scorecard import Learned

    card = Path("examples/b2b-software/card-with-events.yaml")
    table = Table("employees", NumberBins((10.0, 50.0)), (0, -30, 5, 20), (5, 10, 20, 30))
    created = datetime(2026, 1, 1, tzinfo=UTC)
    _, key = keys.add(home, "all", keys.SCOPES, created)
    headers = {"Authorization": f"Bearer {key}"}
    visit = {"kind": "visit", "lead": "L-1", "id": "v1", "time": DAY, "properties": {"path": "/pricing"}}
    for learned in (Learned(base_rate=0.2, trust=0.5, terms=(table,)), Learned(base_rate=0.3)):
        Releases(home).publish(card.read_text("utf-8"), learned, metrics={}, provenance={}, created=created)
        with TestClient(create_app(Settings(home=home)), headers=headers) as client:
            client.post("/v1/events", json=[visit]).raise_for_status()
            client.post("/v1/score/batch", json={"leads": LEADS, "as_of": DAY}).raise_for_status()
            client.post("/v1/outcomes", json={"lead": "L-1", "became": "opportunity", "on": DAY}).raise_for_status()
            feedback = {"verb": "reject", "reason": "no_budget"}
            client.post("/v1/leads/L-2/feedback", json=feedback)
    with TestClient(create_app(Settings(home=home)), headers=headers) as client:
        client.post("/v1/drafts", json={"name": "new-prices"})
    alone = Path("examples/b2b-software/card.yaml")
    with TestClient(create_app(Settings(home=home, card=alone)), headers=headers) as client:
        client.post("/v1/score", json={"lead": LEADS[0], "as_of": DAY}).raise_for_status()


def main() -> None:
    """Record a home in the folder with the name of its schema."""
    folder = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        record(home)
        with closing(sqlite3.connect(home / "log.sqlite3")) as log:
            (schema,) = log.execute(SCHEMA).fetchone()
            dump = "\n".join(log.iterdump()) + "\n"
        target = folder / schema
        shutil.copytree(home, target, ignore=shutil.ignore_patterns("log.sqlite3*", ".current.lock", "sessions.json"))
        (target / "log.sql").write_text(dump, "utf-8")


if __name__ == "__main__":
    main()

"""schemathesis over the whole contract: requests that the description allows, and many that it doesn't.

Its own command calls a service that runs as users run it. So all its phases run (it also uses values from answers in
later requests), and no code of ours stands between.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from leadledger.models.releases.store import Releases
from leadledger.scoring.bins import FlagBins, NumberBins
from leadledger.scoring.lookup import Branch, Combination, Leaf, Table
from leadledger.scoring.scorecard import Learned
from tests.serving import with_key

ROOT = Path(__file__).parents[3]
CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
ENOUGH = 2500  # requests; there are some 4,000
LIMIT = 600  # seconds; it takes some 30
# For each operation, in the random phase. Each run sends the same requests, except under the profile `explore`.
EXAMPLES = ["--max-examples", "15", "--generation-deterministic"]
if os.environ.get("HYPOTHESIS_PROFILE") == "explore":
    EXAMPLES = ["--max-examples", "400"]


def learned() -> Learned:
    """What a release has learned: a table, and a combination of three fields."""
    bins = NumberBins((10.0, 50.0))
    fields = ("employees", "newsletter", "competitor")
    branch = Branch("newsletter", (2,), Branch("competitor", (2,), Leaf(-9, 4), Leaf(3, 5)), Leaf(1, 6))
    tree = Branch("employees", (0, 1, 2), branch, Leaf(0, 7))
    terms = (
        Table("employees", bins, (0, -30, 5, 20), (5, 10, 20, 30)),
        Combination(fields, (bins, FlagBins(), FlagBins()), (tree,), error=11),
    )
    return Learned(base_rate=0.2, trust=0.5, terms=terms)


@pytest.mark.slow(seconds=40)
def test_random_requests(tmp_path: Path) -> None:
    """None of thousands of requests gets a 5xx, an answer that differs from the contract, or breaks a check."""
    home = tmp_path / "home"
    for at in (1, 2):
        created = datetime(2026, 1, at, tzinfo=UTC)
        Releases(home).publish(CARD.read_text("utf-8"), learned(), metrics={}, provenance={}, created=created)
    with with_key(home, "--max-rate", "100000", "--hooks-to-loopback") as (address, key):
        with httpx2.Client(base_url=address, headers={"X-API-Key": key}) as client:
            leads = [{"lead_id": f"L{at % 3}", "need": "clear", "employees": at} for at in range(9)]
            assert client.post("/v1/score/batch", json={"leads": leads}).json()["scored"] == 9
            outcome = {"lead": "L1", "became": "opportunity", "on": "2026-03-01"}
            assert client.post("/v1/outcomes", json=outcome).json()["new"]
            (tmp_path / "openapi.json").write_bytes(client.get("/openapi.json").content)
        options = ["--report", "json", "--report-json-path", "report.json", "--no-color", *EXAMPLES]
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli"),
                *("--config-file", str(ROOT / "tests" / "cases" / "schemathesis.toml")),
                *("run", "openapi.json", "--url", address, *options),
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "LEADLEDGER_KEY": key,
                "PYTHONPATH": str(ROOT),
                "SCHEMATHESIS_HOOKS": "tests.api.openapi.schemathesis_hooks",
            },
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert ended.returncode == 0, ended.stdout
    assert report["complete"]
    assert report["errors"] == []
    assert report["test_cases"]["generated"] >= ENOUGH
    assert report["operations"]["tested"] == report["operations"]["total"]
    assert all(phase["status"] == "success" for phase in report["phases"].values()), report["phases"]
    # A service that refuses everything would pass the checks, so each operation must have accepted something.
    # A call of a CRM is signed, which a description can't do; see tests/api/sync/test_incoming.py.
    for operation, phases in report["valid_rates"].items():
        assert operation == "POST /v1/hooks/{id}" or sum(phase["accepted"] for phase in phases.values()) > 0, operation
    assert '"event":"failure"' not in (home / "server.log").read_text("utf-8").replace(" ", "")

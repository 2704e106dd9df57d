"""`leadledger serve`: its options are the settings of the service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leadledger.api.service.settings import Settings
from tests.command_line import run


def test_serve_takes_limits(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each limit of the service can be given; what is left out keeps its default."""
    calls = []

    def serve(*arguments: object) -> int:
        calls.append(arguments)
        return 0

    monkeypatch.setattr("leadledger.api.server.serve.serve", serve)
    words = ["--max-batch", 5, "--max-body", 6, "--max-rate", 7, "--max-waiting", 8, "--max-arrival", 9]
    done = run("serve", "--card", small, "--home", tmp_path, *words, "--workers", 3, "--log-level", "error")
    assert done.exit_code == 0
    limits: dict[str, Any] = {"max_batch": 5, "max_body": 6, "max_rate": 7, "max_waiting": 8, "max_arrival": 9}
    assert calls.pop() == (Settings(home=tmp_path, card=small, log_level="error", **limits), "127.0.0.1", 8000, 3)
    run("serve", "--card", small, "--home", tmp_path)
    assert calls.pop() == (Settings(home=tmp_path, card=small), "127.0.0.1", 8000, 1)
    run("serve", "--card", small, "--home", tmp_path, "--history", "past.csv", "--trusted-proxies", "10.0.0.1")
    named = Settings(home=tmp_path, card=small, history=Path("past.csv"), trusted_proxies="10.0.0.1")
    assert calls.pop() == (named, "127.0.0.1", 8000, 1)
    assert run("serve", "--max-rate", 0).exit_code == 2

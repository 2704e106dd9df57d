"""The garbage collector, which rests while a service starts."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

from leadledger.api.server import worker
from leadledger.api.server.worker import Worker
from leadledger.api.service.settings import Settings
from tests.command_line import run
from tests.serving import CARD


def test_a_worker_that_has_started_collects_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it has settled, the collector works again, but for what lives as long as the process."""
    monkeypatch.setattr(worker, "SETTLING_TIME", 0.0)

    async def serve_for_a_moment() -> None:
        await Worker(Settings(card=CARD)).notify()
        await asyncio.sleep(0.01)

    gc.disable()
    try:
        asyncio.run(serve_for_a_moment())
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.enable()
        gc.unfreeze()


def test_a_refused_start_leaves_the_collector_on(tmp_path: Path) -> None:
    """A caller in the same process, such as a test, has its collector back."""
    assert run("serve", "--card", tmp_path / "nowhere.yaml", "--home", tmp_path).exit_code != 0
    assert gc.isenabled()

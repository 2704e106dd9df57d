"""A service with keys: how tests start it, send it keys and read what it logs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from tests.api.answers import CARD

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
BODY = {"lead": {"need": "urgent"}, "as_of": "2026-01-01"}


def app_of(home: Path, **limits: Any) -> FastAPI:
    """A service of the example card, with the keys of a home."""
    return create_app(Settings(home=home, card=CARD, **limits))


def bearer(text: str) -> dict[str, str]:
    """The header that carries a key."""
    return {"Authorization": f"Bearer {text}"}


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What the program has logged since the last look."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

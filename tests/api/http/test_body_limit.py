"""A body that is too large is refused before it is read."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.api.answers import SCORE
from tests.api.http.keyed_service import app_of


@pytest.mark.parametrize("length", ["99999999999999999999", "50001"])
def test_a_large_body_is_not_read(tmp_path: Path, length: str) -> None:
    """A body that says that it is too large is refused before any of it is read."""
    app, sent = app_of(tmp_path, max_body=50_000), []
    scope = {
        "type": "http",
        "method": "POST",
        "path": SCORE,
        "headers": [(b"content-type", b"application/json"), (b"content-length", length.encode())],
    }

    async def receive() -> Any:
        raise AssertionError("read")

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 413

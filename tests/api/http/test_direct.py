"""Lean routes."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import Depends, FastAPI

from leadledger.api.http.direct import DirectRoute


def test_direct_routes_take_the_request_alone() -> None:
    """A lean route refuses a function that needs what FastAPI's own routes do."""
    app = FastAPI()
    app.router.route_class = DirectRoute
    with pytest.raises(TypeError, match="page must take only `request`"):

        @app.get("/page")
        async def page(number: int) -> int:
            return number

    with pytest.raises(TypeError, match="guarded must take only `request`"):

        @app.get("/guarded", dependencies=[Depends(lambda: None)])
        async def guarded(request: Any) -> None:
            return None

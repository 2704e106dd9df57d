"""A lean route: FastAPI describes it, Starlette runs it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import request_response


class DirectRoute(APIRoute):
    """A route whose function takes only the request and returns the response.

    FastAPI's own handler resolves dependencies, validates and serializes, which is a third of what an answer costs.
    This class skips all of it for functions that need none. Raises TypeError for a function that does.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        if list(inspect.signature(endpoint).parameters) != ["request"] or self.dependant.dependencies:
            raise TypeError(f"{endpoint.__name__} must take only `request`; else use FastAPI's own route")
        self.app = request_response(endpoint)

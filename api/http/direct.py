"""A lean route: FastAPI describes it, Starlette runs it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import request_response


class DirectRoute(APIRoute):
    """A route whose function takes the request, alone, and gives the response.

    FastAPI's own handler solves dependencies, validates and serializes. Where a function does without them, that
    machinery is a third of what an answer costs; this class leaves it out. Raises TypeError where it is needed.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        if list(inspect.signature(endpoint).parameters) != ["request"] or self.dependant.dependencies:
            raise TypeError(f"{endpoint.__name__} must take `request` alone; else give it FastAPI's own route")
        self.app = request_response(endpoint)

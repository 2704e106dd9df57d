"""A lean route: FastAPI describes it, the guard calls it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from fastapi.routing import APIRoute


class DirectRoute(APIRoute):
    """A route whose function takes only the request and returns the response.

    FastAPI's own handler resolves dependencies, validates and serializes, which is a third of what an answer costs. The
    guard calls the function itself. Raises TypeError for a function that needs more.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        if list(inspect.signature(endpoint).parameters) != ["request"] or self.dependant.dependencies:
            raise TypeError(f"{endpoint.__name__} must take only `request`")

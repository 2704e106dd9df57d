"""FastAPI's own models, built when they are first used.

FastAPI describes OpenAPI documents by three dozen models of pydantic, and builds them when it is imported. That takes
a tenth of a start, and only /openapi.json, which hardly any caller reads, needs them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel


@contextmanager
def deferred_models() -> Iterator[None]:
    """While it lasts, a model that is defined is built when it is first used, as with `defer_build` of pydantic.

    https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.defer_build
    A module that builds its models at its end, by `model_rebuild()` without options, builds none, either.
    """
    rebuild = BaseModel.__dict__["model_rebuild"]

    def rebuild_when_used(cls: type[BaseModel], /, **options: Any) -> bool | None:
        return rebuild.__func__(cls, **options) if options else None

    config: dict[str, Any] = {**BaseModel.model_config}
    BaseModel.model_config["defer_build"] = True
    BaseModel.model_rebuild = classmethod(rebuild_when_used)  # type: ignore[assignment, method-assign]  # until the end
    try:
        yield
    finally:
        BaseModel.model_rebuild = rebuild  # type: ignore[method-assign]  # as it was
        BaseModel.model_config.clear()  # type: ignore[attr-defined]  # a TypedDict is a dictionary
        BaseModel.model_config.update(config)  # type: ignore[typeddict-item]  # what it held

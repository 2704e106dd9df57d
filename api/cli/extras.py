"""Commands that need more than the base install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from leadledger.scoring.errors import DataError


@contextmanager
def training_imports(task: str) -> Iterator[None]:
    """Around the imports of what only the `train` extra can run. Raises DataError, which says how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise DataError(f"{task} needs {error.name}: pip install 'leadledger[train]'") from None

"""Reads the measures of a release (its metrics.json), of which each kind of release, and each version, has others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measures:
    """Some JSON. What isn't there, or is of another type than asked for, is empty: no page fails for lack of it."""

    content: Any

    def __bool__(self) -> bool:
        return bool(self.content)

    def at(self, *path: str) -> Measures:
        """The part at a path of keys."""
        content = self.content
        for key in path:
            content = content.get(key) if isinstance(content, Mapping) else None
        return Measures(content)

    def number(self, *path: str) -> float | None:
        """A finite number; None: there is none."""
        content = self.at(*path).content
        is_number = isinstance(content, int | float) and not isinstance(content, bool)
        return content if is_number and math.isfinite(content) else None

    def text(self, *path: str) -> str:
        """A text; empty: there is none."""
        content = self.at(*path).content
        return content if isinstance(content, str) else ""

    def texts(self, *path: str) -> list[str]:
        """The texts of a list."""
        content = self.at(*path).content
        return [text for text in content if isinstance(text, str)] if isinstance(content, list) else []

    def records(self, *path: str) -> list[Measures]:
        """The records of a list."""
        content = self.at(*path).content
        return [Measures(record) for record in content if isinstance(record, dict)] if isinstance(content, list) else []

    def items(self, *path: str) -> list[tuple[str, Measures]]:
        """The records of a mapping, with their keys."""
        content = self.at(*path).content
        if not isinstance(content, Mapping):
            return []
        return [(str(key), Measures(record)) for key, record in content.items() if isinstance(record, dict)]

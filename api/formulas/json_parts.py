"""Members of a JSON document, read as the type that they must have; an error names the path and both types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WORDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    float: "a number",
    int: "a whole number",
}


def require_object(value: Any, path: str) -> Mapping[str, Any]:
    """The value, if it is an object. Raises ValueError."""
    return _require(value, dict, path)  # type: ignore[no-any-return]


def read_list(parts: Mapping[str, Any], key: str, path: str) -> list[Any]:
    """A member that is a list. Raises ValueError."""
    return _require(parts.get(key), list, f"{path}.{key}")  # type: ignore[no-any-return]


def read_text(parts: Mapping[str, Any], key: str, path: str) -> str:
    """A member that is a text with something in it. Raises ValueError."""
    text: str = _require(parts.get(key), str, f"{path}.{key}")
    if not text.strip():
        raise ValueError(f"{path}.{key}: it is empty")
    return text


def read_flag(parts: Mapping[str, Any], key: str, path: str, default: bool) -> bool:
    """A member that is true or false, or the default where it is absent. Raises ValueError."""
    return bool(_require(parts.get(key, default), bool, f"{path}.{key}"))


def read_number(parts: Mapping[str, Any], key: str, path: str) -> float:
    """A member that is a number. Raises ValueError."""
    return float(_require(parts.get(key), float, f"{path}.{key}"))


def read_optional_number(parts: Mapping[str, Any], key: str, path: str) -> float | None:
    """A member that is a number, or None where it is absent or null. Raises ValueError."""
    return None if parts.get(key) is None else read_number(parts, key, path)


def read_whole_number(parts: Mapping[str, Any], key: str, path: str) -> int:
    """A member that is a whole number. Raises ValueError."""
    return int(_require(parts.get(key), int, f"{path}.{key}"))


def _require(value: Any, kind: type, path: str) -> Any:
    fits = isinstance(value, int | float) if kind is float else isinstance(value, kind)
    if not fits or (kind in (float, int) and isinstance(value, bool)):
        there = "it is missing" if value is None else f"it is {_describe(value)}"
        raise ValueError(f"{path}: {there}, and must be {_WORDS[kind]}")
    if kind in (float, int) and abs(value) > 10**15:
        raise ValueError(f"{path}: the number is too large")
    return value


def _describe(value: Any) -> str:
    if isinstance(value, dict | list):
        return _WORDS[dict if isinstance(value, dict) else list]
    text = repr(value)
    return text if len(text) <= 50 else f"{text[:49]}…"

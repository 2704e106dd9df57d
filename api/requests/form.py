"""The inputs of a form that a browser sent."""

from __future__ import annotations


class Form:
    """The inputs of a form, by name."""

    def __init__(self, inputs: list[tuple[str, str]]) -> None:
        self._inputs = inputs

    def get(self, name: str, default: str = "") -> str:
        """The last value of an input."""
        return next((text for key, text in reversed(self._inputs) if key == name), default)

    def values(self, name: str) -> list[str]:
        """All values of an input, such as of checkboxes."""
        return [text for key, text in self._inputs if key == name]

    def items(self) -> list[tuple[str, str]]:
        """All inputs, as they were sent."""
        return list(self._inputs)

"""What was worked out before and comes again and again: entries of ledgers, typed values, times, agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

MOST_REMEMBERED = 4096  # results of each kind; then it starts anew
LONGEST_REMEMBERED = 100  # characters of a text

T = TypeVar("T")


class KnownResults(dict[Any, T], Generic[T]):
    """The results of a function by its argument, each worked out when it is first asked for.

    A dictionary without a lock or a list of recent use, since a look-up is most of what it costs.
    """

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        super().__init__()
        self.work_out = work_out

    def __missing__(self, argument: Any) -> T:
        result = self.work_out(argument)
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        if not isinstance(argument, str) or len(argument) <= LONGEST_REMEMBERED:
            self[argument] = result
        return result

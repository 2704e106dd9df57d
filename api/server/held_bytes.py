"""How many bytes connections hold in memory: of requests that are arriving, or of answers that wait to be read.

One connection may hold little, and a thousand of them too much. Beyond the limit, those that have held bytes for the
longest must give theirs up: whoever sends or reads at the usual pace holds them for a moment.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Holder = TypeVar("Holder", bound=Hashable)


class HeldBytes(Generic[Holder]):
    """The bytes that each holder has, those first that have held some for the longest. `most`: of all together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.total = 0
        self._held: dict[Holder, int] = {}

    def hold(self, holder: Holder, size: int) -> None:
        """Note how many bytes a holder has in all."""
        self.total += size - self._held.get(holder, 0)
        self._held[holder] = size

    def drop(self, holder: Holder) -> None:
        """Note that a holder has none."""
        self.total -= self._held.pop(holder, 0)

    def pop_excess(self) -> Iterator[Holder]:
        """The holders that must give up what they hold, until the rest is within the limit. One may always go on."""
        while self.total > self.most and len(self._held) > 1:
            holder = next(iter(self._held))
            self.drop(holder)
            yield holder

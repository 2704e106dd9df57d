"""How many attempts may be made at once: a receiver that hangs must not take the places of the others."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_PLACES = 32  # attempts at once that the subscriptions share; each has one more of its own
MOST_PLACES_PER_HOOK = 4


@dataclass
class Places:
    """The places for attempts: which are taken, by subscription.

    Each subscription has one of its own, and up to three of those that all share, unless its last attempt failed.
    """

    taken: dict[str, int] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)

    def count_free(self, subscription: str) -> int:
        """The places that a subscription may take now."""
        taken = self.taken.get(subscription, 0)
        most = 1 if subscription in self.failing else MOST_PLACES_PER_HOOK
        shared = sum(count - 1 for count in self.taken.values() if count)
        if not taken:
            return 1 + max(0, min(most - 1, MOST_PLACES - shared))
        return max(0, min(most - taken, MOST_PLACES - shared))

    def copy(self) -> Places:
        """The same places, to try out how many more could be taken."""
        return Places(dict(self.taken), self.failing)

    def take(self, subscription: str) -> None:
        """Take a place."""
        self.taken[subscription] = self.taken.get(subscription, 0) + 1

    def give_back(self, subscription: str, is_delivered: bool) -> None:
        """Give a place back after an attempt."""
        self.taken[subscription] -= 1
        if not self.taken[subscription]:
            del self.taken[subscription]
        (self.failing.discard if is_delivered else self.failing.add)(subscription)

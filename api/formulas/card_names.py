"""Names for the parts of a card, made from titles that may hold anything."""

from __future__ import annotations

import re
import unicodedata

from leadledger.scoring.card.condition_tokens import FUNCTIONS, RESERVED

LONGEST_NAME = 50  # characters; a card allows 60, and a number may follow


class NamePool:
    """The names that are taken; each new one is another."""

    def __init__(self, fallback: str) -> None:
        self.fallback = fallback
        self.taken: set[str] = {*RESERVED, *FUNCTIONS, "date"}

    def make_name(self, title: str) -> str:
        """A name of a to z, 0 to 9 and `_` that resembles the title and that nothing else has."""
        plain = unicodedata.normalize("NFKD", title[:500]).encode("ascii", "ignore").decode().lower()
        name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_NAME].strip("_")
        if not name or not name[0].isalpha():
            name = f"{self.fallback}_{name}".strip("_")
        unique, number = name, 2
        while unique in self.taken:
            unique, number = f"{name}_{number}", number + 1
        self.taken.add(unique)
        return unique


def make_card_name(title: str) -> str:
    """The name of a card: words with single hyphens between them."""
    return NamePool("card").make_name(title).replace("_", "-")

"""The title of a lead, folded for a search: people type `pena` for `Peña Spedition`, and `berg` for `Møller, Berg`."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from leadledger.scoring.scorecard import Card
from leadledger.scoring.tree import Typed

LONGEST_TITLE = 200  # characters that a search looks at


def find_title(card: Card, values: Mapping[str, Typed]) -> str:
    """The folded title of a lead; empty where its card has no field for it, or the title isn't known."""
    title = values.get(card.title_field) if card.title_field else None
    return fold_title(title) if isinstance(title, str) else ""


def fold_title(text: str) -> str:
    """A title as searches read it: small letters without accents, each word behind a blank. Empty: it has no word."""
    text = text.strip()[:LONGEST_TITLE].casefold()
    if not text.isascii():
        parted = unicodedata.normalize("NFKD", text)
        text = "".join([sign for sign in parted if not unicodedata.combining(sign)])
        text = text.encode(errors="replace").decode()
    words = "".join([sign if sign.isalnum() else " " for sign in text]).split()
    return "".join([f" {word}" for word in words])

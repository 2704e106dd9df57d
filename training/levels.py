"""Levels: the texts of a history, each in one spelling, so that `Web` and `web` are learned as one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from leadledger.scoring.lookup import Term
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import key_of

MOST_LEVELS = 1_000  # of a field; one with more has names or remarks, of which each new one is new
FEWEST_PER_LEVEL = 2  # leads, on average: fewer are names or addresses, which no release should keep


def list_levels(card: Card, frame: pd.DataFrame, terms: Iterable[Term]) -> dict[str, tuple[str, ...]]:
    """The texts of a history, sorted, by those fields that a term asks and that have few of them."""
    asked = dict.fromkeys(name for term in terms for name in term.fields)
    levels = {}
    for name in asked:
        if name in card.fields and card.fields[name].kind == "text" and name in frame:
            texts = frame[name].dropna()
            if texts.nunique() <= min(MOST_LEVELS, len(texts) // FEWEST_PER_LEVEL):
                levels[name] = tuple(sorted(map(str, texts.unique())))
    return levels


def spell_alike(card: Card, whole: pd.DataFrame) -> pd.DataFrame:
    """The rows with one spelling for each key of a text: that of the card, which it has already, or the most common."""
    spelt: dict[str, pd.Series[Any]] = {}
    for declared in card.fields.values():
        if declared.kind != "text" or declared.exact:
            continue
        column = whole[f"f:{declared.name}"]
        counts = sorted(column.value_counts().items(), key=lambda item: (-item[1], str(item[0])))
        spellings: dict[str, str] = {}
        for text, _ in counts:
            spellings.setdefault(key_of(str(text)), str(text))
        others = {text: spelling for text, _ in counts if (spelling := spellings[key_of(str(text))]) != text}
        if others:
            spelt[f"f:{declared.name}"] = column.map(others).where(column.isin(others), column)
    return whole.assign(**spelt) if spelt else whole

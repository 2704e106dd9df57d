"""The choices of fields with several values that training learns from, each as a flag of its own."""

from __future__ import annotations

import pandas as pd

from leadledger.scoring.choice_flags import name_flags
from leadledger.scoring.choice_forms import split_choices
from leadledger.scoring.field import OTHER_VALUE
from leadledger.scoring.scorecard import Card, Choice

FEWEST_OF_A_CHOICE = 20  # leads that have a choice which the card doesn't list, below which nothing is learned of it
MOST_CHOICES = 30  # choices of a field without `values` that are learned of, the most frequent


def find_frequent_choices(card: Card, whole: pd.DataFrame) -> dict[str, Choice]:
    """The choices to learn from, by the names of their flags: those that the card lists, else the frequent ones."""
    found: dict[str, Choice] = {}
    for declared in card.fields.values():
        if declared.kind != "choices" or not declared.learn:
            continue
        counts = whole[f"f:{declared.name}"].dropna().map(split_choices).explode().value_counts()
        known = [*declared.values, *([OTHER_VALUE] if declared.other == "yes" else [])] if declared.values else None
        frequent = sorted(counts[counts >= FEWEST_OF_A_CHOICE].items(), key=lambda item: (-item[1], str(item[0])))
        choices = known or [str(choice) for choice, _ in frequent[:MOST_CHOICES]]
        taken = [name for name, other in card.fields.items() if not other.choice_of]
        found |= name_flags(declared.name, choices, [*taken, *found])
    return found

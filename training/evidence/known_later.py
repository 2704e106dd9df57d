"""The names under which CRMs write the outcome, or what sales do with a lead, from known_later.yaml.

And whether a field of a card has one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from leadledger.scoring.field import Field
from leadledger.scoring.scorecard import Card
from leadledger.training.evidence.field_origins import fields_behind

# What the name of a column is worth: `always` and `worked` are enough, `often` needs values that support it or a card
# that takes the column from this CRM, `plain` a proof or such a card.
WEIGHTS = ("always", "often", "plain", "worked")


@dataclass(frozen=True)
class KnownName:
    """A column's name as a CRM writes it: what is written there, `why`, and what the name is worth, `weight`."""

    system: str
    label: str
    name: str
    why: str
    weight: str


@dataclass(frozen=True)
class LateName:
    """A field by a name that is written later: the kind of suspicion, `name` or `worked`, and a sentence on it."""

    kind: str
    sentence: str


@cache
def known_later() -> Mapping[str, tuple[KnownName, ...]]:
    """The names that are written later, by the bare name."""
    by_name: dict[str, list[KnownName]] = {}
    for system, of in _read().items():
        for weight in WEIGHTS:
            for name, why in of.get(weight, {}).items():
                by_name.setdefault(bare(name), []).append(KnownName(system, of["label"], name, why, weight))
    return {name: tuple(known) for name, known in by_name.items()}


@cache
def known_patterns(strong: bool) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns over the words of a name, joined by blanks, and what is written under such names.

    `strong`: also those that count only where the values tell much of the outcome.
    """
    patterns = []
    for of in _read().values():
        for words, why in (of.get("patterns", {}) | (of.get("strong_patterns", {}) if strong else {})).items():
            between = r"(?: \w+)* "
            patterns.append((re.compile(rf"\b{between.join(f'(?:{word})' for word in words.split())}\b"), why))
    return tuple(patterns)


@cache
def _read() -> Mapping[str, Any]:
    data = yaml.safe_load(files("leadledger.training.evidence").joinpath("known_later.yaml").read_text("utf-8"))
    return dict(data)


def bare(name: str) -> str:
    """A column's name without case, separators and Salesforce's ending of custom fields."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"__c$", "", name.lower()))


def split_words(name: str) -> str:
    """The words of a column's name in lower case, with a blank between them: `DaysInStage__c` is `days in stage`."""
    parts = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", re.sub(r"__c$", "", name))
    return " ".join(re.findall(r"[a-z0-9]+", parts.lower()))


def written_later(card: Card, field: Field, strong: bool, proved: bool) -> LateName | None:
    """The name of a field, or of one that it is computed from, under which a CRM writes what comes later.

    `strong`: its values tell much of the outcome; `proved`: they prove that it knows the outcome.
    """
    for source in (field, *fields_behind(card, field)):
        if source.known_when_scored and source is not field:
            continue
        through = "" if source is field else f"it is computed from '{source.name}'; "
        for system, column in (*source.sources, ("", source.name)):
            for known in known_later().get(bare(column), ()):
                enough = {"often": strong or proved, "plain": proved}.get(known.weight, True)
                if enough or bare(system) == known.system:
                    kind = "worked" if known.weight == "worked" else "name"
                    return LateName(kind, f"{through}in {known.label}, {known.name} {known.why}")
            for pattern, why in known_patterns(strong or proved):
                if pattern.search(split_words(column)):
                    return LateName("worked", f"{through}by its name, '{column}' {why}")
    return None

"""The names under which CRMs write the outcome, from known_later.yaml, and whether a field of a card has one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

from leadledger.scoring.field import Field
from leadledger.scoring.scorecard import Card
from leadledger.training.evidence.field_origins import fields_behind


@cache
def known_later() -> Mapping[str, tuple[tuple[str, str, str, str, bool], ...]]:
    """The names under which CRMs write the outcome: by the bare name, its system, the system's name, as it is written
    there, what is written, and whether the name alone is enough.
    """
    by_name: dict[str, list[tuple[str, str, str, str, bool]]] = {}
    data = yaml.safe_load(files("leadledger.training.evidence").joinpath("known_later.yaml").read_text("utf-8"))
    for system, of in data.items():
        for key in ("always", "often"):
            for name, why in of[key].items():
                by_name.setdefault(bare(name), []).append((system, of["label"], name, why, key == "always"))
    return {name: tuple(rows) for name, rows in by_name.items()}


def bare(name: str) -> str:
    """A column's name without case, separators and Salesforce's ending of custom fields."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"__c$", "", name.lower()))


def written_later(card: Card, field: Field, supported: bool) -> str:
    """What a CRM writes under the names of a field, or of those that it is computed from; empty where nothing is."""
    for source in (field, *fields_behind(card, field)):
        if source.known_when_scored and source is not field:
            continue
        for system, column in (*source.sources, ("", source.name)):
            for its_system, label, name, why, always in known_later().get(bare(column), ()):
                if always or supported or bare(system) == its_system:
                    through = "" if source is field else f"it is computed from '{source.name}'; "
                    return f"{through}in {label}, {name} {why}"
    return ""

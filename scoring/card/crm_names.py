"""The standard names of CRMs: what a card need not say under `from:`.

`crm_names.yaml` holds them: about 35 lead fields, each with its kind and its name in six systems; `crm_labels.yaml`
what stands above their columns in the lists that people export. The author's own
word always wins: a name that the card uses already is never given to another field, and a field whose `from:` speaks of
a system gets none of that system's. So no card can clash with this list, and no card is refused for it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import yaml

from leadledger.scoring.card.yaml_shapes import Loader
from leadledger.scoring.field import Field

SYSTEMS = ("salesforce", "hubspot", "dynamics", "odoo", "zoho", "bottlecrm")


@dataclass(frozen=True)
class StandardField:
    """A lead field that CRMs know: its kind, and its name by system.

    `anywhere` counts in lists and plain leads too; `in_bodies` holds plain words and keys ("id", "function") that count
    only in a body of their system.
    """

    kind: str
    anywhere: Mapping[str, str]
    in_bodies: Mapping[str, str]


@cache
def read_labels() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The labels that CRMs write above the columns of standard fields: by field, by system."""
    labels: dict[str, dict[str, Sequence[str]]] = {}
    text = files("leadledger.scoring.card").joinpath("crm_labels.yaml").read_text("utf-8")
    for system, by_field in yaml.load(text, Loader).items():
        for field, listed in by_field.items():
            labels.setdefault(field, {})[system] = [listed] if isinstance(listed, str) else listed
    return labels


@cache
def read_standard_fields() -> Mapping[str, StandardField]:
    """The standard fields, by name."""
    fields = {}
    for name, entry in yaml.load(
        files("leadledger.scoring.card").joinpath("crm_names.yaml").read_text("utf-8"), Loader
    ).items():
        names = {system: name_in for system, name_in in entry.items() if system != "kind"}
        fields[name] = StandardField(
            entry["kind"],
            {system: name_in for system, name_in in names.items() if isinstance(name_in, str)},
            {system: name_in[0] for system, name_in in names.items() if isinstance(name_in, list)},
        )
    return fields


def add_standard_names(
    fields: Mapping[str, Field], spoken: Mapping[str, Container[str]], taken: Container[str]
) -> dict[str, Field]:
    """The fields of a card, with the standard names that each gets.

    `spoken` says of a field which systems its `from:` speaks of, folded ("": of all). `taken` are the names that the
    card uses already. A field gets none if its kind is another; or if it lists its `values`, since each CRM has words
    of its own there, and a lead whose word the card doesn't list would be refused.
    """
    return {name: _add_names_to(field, spoken.get(name, ()), taken) for name, field in fields.items()}


def _add_names_to(field: Field, spoken: Container[str], taken: Container[str]) -> Field:
    entry = read_standard_fields().get(field.name)
    if entry is None or not field.is_plain or field.values or field.kind != entry.kind or "" in spoken:
        return field
    # A card that takes CountryCode from Salesforce doesn't want its Country, under which Zoho has the same: a list may
    # come from either, a body says from which.
    unwanted = {
        column for names in (entry.anywhere, entry.in_bodies) for system, column in names.items() if system in spoken
    }
    anywhere: list[tuple[str, str]] = []
    in_bodies: list[tuple[str, str]] = []
    for names, sources in ((entry.anywhere, anywhere), (entry.in_bodies, in_bodies)):
        for system, column in names.items():
            if system not in spoken and column not in taken:
                (in_bodies if column in unwanted else sources).append((system, column))
    labels = [
        (system, label)
        for system, listed in read_labels().get(field.name, {}).items()
        if system not in spoken
        for label in listed
    ]
    return replace(field, standard=tuple(anywhere), in_bodies=tuple(in_bodies), labels=tuple(labels))

"""Which properties of a CRM a card reads, so that a sync asks for these and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadledger.api.crm.base import Crm
from leadledger.api.requests.mistakes import ROOT, Mistakes
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import fold


def list_read_names(card: Card, system: str) -> tuple[str, ...]:
    """The names of a CRM's properties under which the plain fields of a card may come, in the order of the card.

    A field that says nothing of this CRM may come under its own name, and under those that it has in any system.
    """
    names: list[str] = []
    for field in card.plain_fields:
        own = [name for place, name in (*field.in_bodies, *field.sources, *field.standard) if fold(place) == system]
        anywhere = [name for place, name in field.sources if not place]
        names += own or (*anywhere, field.name)
    return tuple(dict.fromkeys(names))


def read_named_values(crm: Crm, content: dict[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    """What a record holds under some names: the value and, where the CRM shows a label, both; others are left out."""
    wanted = frozenset(names)
    return {
        member.name: member.value if member.label is None else [member.value, member.label]
        for member in crm.read_members(content, ROOT, Mistakes(1))
        if member.name in wanted
    }

"""Kinds of events, and the rules that earn points for each, in a few words."""

from __future__ import annotations

from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.result import format_unsigned
from leadledger.scoring.rule import EachRule


def describe_each(rule: EachRule) -> str:
    """When a rule earns its points: `for each visit, halved every 14 days, at most 6.0 points a day`."""
    fades = f"for {rule.within:,} days" if rule.within is not None else f"halved every {rule.half_life or 0:,} days"
    limit = "" if rule.per_day is None else f", at most {format_unsigned(rule.per_day)} points a day"
    return f"for each {rule.each}, {fades}{limit}"


def describe_kind(kind: EventKind) -> str:
    """All that a card says of a kind: `visit when contains(path, 'a'); once per campaign`."""
    names = ", ".join(f"{name} ({system})" if system else name for system, name in (*kind.names, *kind.standard))
    parts = {
        "properties": ", ".join(f"{name} ({field.kind})" for name, field in kind.properties.items()),
        "sent as": names,
        "machines": kind.machine.text if kind.machine else "",
        "mail scanners": "" if kind.spots_scanners else "count as people",
        "tracked since": str(kind.tracked_since or ""),
    }
    if kind.when is not None:
        parts = {kind.root: f"when {kind.when.text}"}
    parts["once per"] = kind.once_per
    parts["earning events per day"] = "" if kind.per_day is None else f"{kind.per_day:,}"
    return "; ".join(f"{key} {text}" for key, text in parts.items() if text) or "no properties"

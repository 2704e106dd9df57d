"""What the events of a lead come to on a day: the values of event fields, what rules earn, and what wasn't counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leadledger.scoring.tree import Typed


@dataclass(frozen=True, slots=True)
class EarnedByEvents:
    """What a rule for each event has earned, in tenths; `tenths` is None where it isn't known which events there are.

    `events` have points left on the day, `full` is what they earn without limits. `once` and `per_day` are what the
    limits take away, in this order: the events of a property's value but one, then those of a day beyond its limits;
    full + once + per_day = tenths. `machine_events` are those of machines, `machine` is what they would have earned.
    `is_least`: events from before they were tracked may be missing.
    """

    rule: str
    tenths: int | None
    events: int = 0
    full: int = 0
    once: int = 0
    per_day: int = 0
    machine_events: int = 0
    machine: int = 0
    is_least: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON, in points."""
        return {
            "rule": self.rule,
            "points": None if self.tenths is None else self.tenths / 10,
            "events": self.events,
            "without_limits": self.full / 10,
            "once_per": self.once / 10,
            "per_day": self.per_day / 10,
            "machine_events": self.machine_events,
            "machine_points": self.machine / 10,
            "at_least": self.is_least,
        }


@dataclass(frozen=True, slots=True)
class EventCounts:
    """What the events of a lead come to on a day.

    `values` are those of the event fields (None: missing), `rules` what each event rule earns, in the order of the
    card. `at_least` has the lower bound of the fields that are unknown because tracking began too late. `is_known`:
    somebody said which events there are. Then each event is one of `counted` (those of machines are `machine`),
    `repeated`, `future` (happened after the day), `late` (received after it), or of an unknown kind: `unknown_kinds`
    has their number by name; or a stored one that the card can't read, `unreadable`.
    """

    values: Mapping[str, Typed]
    rules: tuple[EarnedByEvents, ...] = ()
    at_least: Mapping[str, float] = field(default_factory=dict)
    is_known: bool = False
    counted: int = 0
    machine: int = 0
    repeated: int = 0
    future: int = 0
    late: int = 0
    unknown_kinds: Mapping[str, int] = field(default_factory=dict)
    unreadable: int = 0

    @property
    def total(self) -> int:
        """How many events there were."""
        unknown = sum(self.unknown_kinds.values())
        return self.counted + self.repeated + self.future + self.late + unknown + self.unreadable

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON, without the values; `unreadable` is left out where it is 0."""
        return {
            "known": self.is_known,
            "counted": self.counted,
            "machine": self.machine,
            "repeated": self.repeated,
            "future": self.future,
            "late": self.late,
            "unknown_kinds": [{"kind": kind, "events": count} for kind, count in self.unknown_kinds.items()],
            "at_least": [{"field": name, "value": least} for name, least in self.at_least.items()],
            "rules": [earned.to_dict() for earned in self.rules],
            **({"unreadable": self.unreadable} if self.unreadable else {}),
        }


def restore_counts(values: Mapping[str, Typed], report: Mapping[str, Any]) -> EventCounts:
    """The counts that `to_dict` reported, with the values of the event fields. Raises KeyError, TypeError."""

    def tenths(points: float) -> int:
        return round(points * 10)

    rules = tuple(
        EarnedByEvents(
            earned["rule"],
            None if earned["points"] is None else tenths(earned["points"]),
            earned["events"],
            tenths(earned["without_limits"]),
            tenths(earned["once_per"]),
            tenths(earned["per_day"]),
            earned["machine_events"],
            tenths(earned["machine_points"]),
            earned["at_least"],
        )
        for earned in report["rules"]
    )
    return EventCounts(
        values,
        rules,
        {bound["field"]: bound["value"] for bound in report["at_least"]},
        report["known"],
        report["counted"],
        report["machine"],
        report["repeated"],
        report["future"],
        report["late"],
        {kind["kind"]: kind["events"] for kind in report["unknown_kinds"]},
        report.get("unreadable", 0),
    )

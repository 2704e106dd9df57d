"""Kinds of events, as a card declares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from leadledger.scoring.field import Field
from leadledger.scoring.tree import Condition


@dataclass(frozen=True)
class EventKind:
    """A kind of events, or a subset of one.

    `root` is the kind whose events these are: its own name, or that of the kind to which `of:` leads; `when` says which
    of them a subset has (None: all). `names` are those under which the events come, with the system that uses each;
    `standard` are further names that the card need not write. `machine` says which events are those of a program, and
    `spots_scanners` whether the shipped rule for mail scanners does too (`events/machines.py`). `once_per` is a
    property: of the events with one value of it, one earns points. `per_day` is how many events of a day earn points.
    `tracked_since` is the day from which all such events are known, or the date field that has it; None: always.
    `known_when_scored` is the author's word that its events come before the outcome is known.
    """

    name: str
    root: str
    properties: Mapping[str, Field] = field(default_factory=dict)
    when: Condition | None = None
    names: tuple[tuple[str, str], ...] = ()
    standard: tuple[tuple[str, str], ...] = ()
    machine: Condition | None = None
    spots_scanners: bool = True
    once_per: str = ""
    per_day: int | None = None
    tracked_since: date | str | None = None
    known_when_scored: bool = False

"""The keys of each part of a card, and whether each must be there. The JSON Schema lists the same; a test compares."""

from __future__ import annotations

from collections.abc import Mapping

from leadledger.scoring.card.write_back import DEFAULT_PROPERTIES
from leadledger.scoring.outputs import WRITE_BACK_OUTPUTS

KINDS = ("number", "text", "flag", "date", "id", "choices")  # of a field
OTHERS = ("yes", "missing", "no")  # what becomes of a value that a field doesn't list
SEPARATORS = (";", ",", "|", "/", "+", "&", "#")  # of choices
READABLE = ("tables", "pairs", "all")  # how much training may learn that a person must read
BETTER = ("higher", "lower")  # which end of a number is the better one
TRAINED_THRESHOLDS = ("probability", "capacity", "value")  # each asks training for a threshold; a stage has one at most
THRESHOLD_KEYS = ("points", *TRAINED_THRESHOLDS)

KEYS: Mapping[str, Mapping[str, bool]] = {
    "card": {"name": True, "title": False, "missing": False, "time_zone": False, "fields": True}
    | dict.fromkeys(("outcome", "base_rate", "trust", "criteria", "groups", "rules", "exclude", "stages"), False)
    | dict.fromkeys(("grades", "write_back", "cases", "protected", "fairness", "readable", "events"), False)
    | dict.fromkeys(("segment", "steps", "amount", "axes"), False),
    "axes": {"fit": True, "engagement": True},
    "axis": {"grades": True, "unknown": False},
    "field": dict.fromkeys(("values", "unit", "better", "from", "ask", "learn", "label", "missing", "is"), False)
    | dict.fromkeys(("known_when_scored", "format", "other", "separator", "exact", "parent", "axis"), False)
    | {"kind": True},
    "event": dict.fromkeys(("fields", "from", "of", "when", "machine", "scanners"), False)
    | dict.fromkeys(("once_per", "per_day", "tracked_since", "known_when_scored"), False),
    "property": dict.fromkeys(("values", "from", "missing", "format", "other", "separator", "exact"), False)
    | {"kind": True},
    "outcome": {"became": True} | dict.fromkeys(("since", "within", "landmarks", "order", "minimum"), False),
    "became": {"field": True, "kind": False, "is": False, "lost": False, "day": False},
    "fairness": dict.fromkeys(("rate_ratio", "precision_gap", "calibration_gap"), False),
    "step": {"became": True, "within": True},
    "criterion": {"met": True, "essential": False, "label": False, "uses_protected": False},
    "group": dict.fromkeys(("max", "min", "best_of", "axis"), False),
    "rule": {"name": True, "when": True, "points": True, "reason": True}
    | dict.fromkeys(("why", "since", "half_life", "group", "axis", "uses_protected"), False),
    "each_rule": {"name": True, "each": True, "points": True, "reason": True}
    | dict.fromkeys(("why", "since", "half_life", "within", "per_day", "group", "axis"), False),
    "exclusion": {"name": True, "when": True, "reason": True, "uses_protected": False},
    "stage": {"name": True}
    | dict.fromkeys(("requires", "fit", "engagement", *THRESHOLD_KEYS, "hold", "cool_down", "explore"), False),
    "hold": {"band": True, "days": True},
    "cool_down": {"days": True, "unless": False},
    "explore": {"share": True, "salt": False},
    "probability": {"precision": True, "confidence": False},
    "value": {"won": True, "cost": True},
    "write_back": dict.fromkeys(DEFAULT_PROPERTIES, False),
    "written": dict.fromkeys(WRITE_BACK_OUTPUTS, False),
    "case": {"name": False, "lead": True, "events": False, "as_of": False, "expect": True},
    "case_event": {"kind": True, "time": True, "id": False, "source": False, "received": False, "properties": False},
    "expect": dict.fromkeys(("recommendation", "from", "to", "grade", "score", "points", "fires", "not_fires"), False)
    | dict.fromkeys(("fit", "engagement", "axis_grades", "propensity"), False),
}

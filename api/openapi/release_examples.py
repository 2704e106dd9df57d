"""Examples of the answers about one release, about two beside each other, and about the shadow."""

from __future__ import annotations

from typing import Any

_OLDER = "2025-12-31-001"
_AT = "2026-01-31T09:00:00Z"


def build_release_examples(release: str, card: str, lead: str, score: str) -> dict[str, Any]:
    """An example for each schema by its name; the names of a release and its card, the ids of a lead and a score."""
    rule = {"name": "clear", "old": 4.0, "new": 6.0, "moved": 2.0}
    line = {"sign": "+", "old": 0, "new": 5, "text": "    points: 6"}
    counts = {
        **{"compared": 4120, "waiting": 3, "left_out": 0, "failed": 0, "differ": 96, "recommendations": 31},
        **{"grades": 88, "moved": 902, "mean_difference": 0.42, "mean_distance": 0.61, "largest_distance": 6.0},
        **{"promoted": 122, "shadow_promoted": 131},
    }
    different = {
        **{"score": score, "lead": lead, "at": _AT, "as_of": "2026-01-31", "points": 49.0, "recommendation": "ask"},
        **{"grade": "C", "shadow_points": 55.0, "shadow_recommendation": "promote", "shadow_grade": "B"},
        "difference": 6.0,
    }
    return {
        "ReleaseDetails": {
            **{"name": release, "current": True, "format": 1, "card": card, "created": _AT, "note": ""},
            **{"standard_names": True, "files": {"card.yaml": "0" * 64}, "metrics": {"auc": 0.81}},
            "provenance": {"data": "history.csv"},
        },
        "ReleaseComparison": {
            **{"old": _OLDER, "new": release, "differs": True},
            "start": {"name": "start", "old": 50.0, "new": 50.0, "moved": 0.0},
            "trust": {"old": 0.4, "new": 0.4},
            "base_rate": {"old": 0.09, "new": 0.1},
            "rules": [{"name": "clear", "change": "changed", "declared": rule, "effective": rule, "edits": []}],
            **{"tables": [], "pairs": [], "combinations": [], "lines": [], "percentiles": [], "card": []},
            "grades": [{"name": "A", "old": 70.0, "new": 68.0, "moved": -2.0}],
            "text": [line],
        },
        "ShadowNaming": {"release": release},
        "Shadow": {
            **{"kind": "release", "name": release, "revision": 0, "since": _AT, "by": "Lena", "problem": ""},
            **{"unknown_fields": [], **counts},
            "moves": [{"what": "recommendation", "before": "ask", "after": "promote", "scores": 31}],
            "leads": [different],
        },
    }

"""Examples of the bodies and answers about drafts. The card in them is a short one."""

from __future__ import annotations

from typing import Any

EXAMPLE_DRAFT = "new-prices"
_AT = "2026-01-31T09:00:00.000+00:00"
_TEXT = (
    "name: leads\nfields:\n  need: {kind: text}\nrules:\n"
    "  - {name: clear, when: need = 'clear', points: 6, reason: Clear}\n"
)


def build_draft_examples(release: str) -> dict[str, Any]:
    """An example for each schema by its name; `release`: the name of a release."""
    change = {"section": "rules", "name": "clear", "what": "changed"}
    output = {"key": "points", "expected": "56.0", "is": "56.0", "passes": True, "text": ""}
    check = {
        **{"readable": True, "card": "leads", "title": "", "rules": 1, "mistakes": [], "hints": []},
        "cases": [{"name": "a clear need", "line": 7, "passes": True, "points": 56.0, "outputs": [output]}],
        **{"passed": 1, "failed": 0},
    }
    summary = {
        **{"name": EXAMPLE_DRAFT, "revision": 2, "release": release, "current_release": release, "is_behind": False},
        **{"can_undo": True, "began_by": "Lena", "began_at": _AT, "changed_by": "Lena", "changed_at": _AT},
        "changed": "rule clear changed",
    }
    edit = {"revision": 2, "at": _AT, "by": "Lena", "what": "rule clear changed", "release": release}
    line = {"sign": "+", "old": 0, "new": 5, "text": "    points: 6"}
    draft = {
        **summary,
        **{"text": _TEXT, "changes": [change], "changes_known": True, "check": check, "edits": [edit]},
    }
    entry = {
        **{"at": _AT, "by": "Lena", "change": "published", "release": release, "was": ""},
        **{"note": "A clear need earns points", "happened": True},
    }
    return {
        "DraftBeginning": {"name": EXAMPLE_DRAFT},
        "DraftChange": {"revision": 1, "text": _TEXT},
        "CaseAcceptance": {"revision": 2, "case": "a clear need"},
        "DraftUndo": {"revision": 2},
        "DraftMerge": {"revision": 2},
        "DraftPublication": {"revision": 2, "note": "A clear need earns points"},
        "CardText": {"text": _TEXT},
        "PreviewRequest": {"text": _TEXT},
        "TrialRequest": {"on": "leads"},
        "CheckedCard": check,
        "Drafts": {"drafts": [summary]},
        "Draft": draft,
        "DiscardedDraft": {"name": EXAMPLE_DRAFT},
        "DraftComparison": {
            **{"name": EXAMPLE_DRAFT, "revision": 2, "release": release, "is_behind": False, "changes": [change]},
            **{"lines": [line], "added": 1, "removed": 0, "obstacles": [], "notes": []},
        },
        "PublishedDraft": {"release": release, "was": "", "note": "A clear need earns points", "notes": []},
        "ReleaseChanges": {"current": release, "changes": [entry]},
        **_build_effect_examples(release),
    }


def _build_effect_examples(release: str) -> dict[str, Any]:
    state = {
        **{"points": 55.0, "score": 55, "probability": 0.12, "grade": "B", "recommendation": "ask"},
        "to": "opportunity",
    }
    moved = {
        **{"name": "clear", "kind": "rule", "before": 0.0, "after": 6.0, "difference": 6.0},
        **{"before_reason": "", "after_reason": "Clear"},
    }
    effect = {
        **{"as_of": "2026-01-31", "leads": 2000, "known": 48211, "moved": 310, "changed": 41},
        **{"promoted_before": 59, "promoted_after": 66, "per_week_before": 12.0, "per_week_after": 13.4},
        "moves": [
            {
                **{"what": "grade", "before": "C", "after": "B", "leads": 41, "mostly_by": "rule clear"},
                **{"mostly_by_leads": 41, "examples": ["L-1042"]},
            }
        ],
        "edits": [{"kind": "rule", "name": "clear", "words": "+4.0 → +6.0", "alone": 41}],
        "changed_leads": [
            {
                **{"lead": "L-1042", "before": {**state, "points": 49.0, "score": 49, "grade": "C"}, "after": state},
                **{"difference": 6.0, "moved": [moved], "edits": ["rule clear"]},
            }
        ],
        "notes": [],
    }
    trial = {
        **{"on": "leads", "state": "done", "step": "", "share": 1.0, "problem": "", "revision": 2, "is_newest": True},
        **{"release": release, "by": "Lena", "started": _AT, "updated": _AT, "effect": effect, "backtest": None},
    }
    rule = {
        **{"name": "clear", "reason": "Clear", "group": "", "declared": 6.0, "counted": 2.6, "fired": 900},
        **{"share": 0.2, "won": 130, "rate": 0.1444, "rate_low": 0.1221, "rate_high": 0.1691, "lift": 1.6},
        **{"lift_low": 1.36, "lift_high": 1.88, "supported": 5.1, "supported_low": 2.2, "supported_high": 8.0},
        **{"lost_to_caps": 0.0, "lost_to_caps_in_all": 0.0, "finding": "", "said": ""},
    }
    return {
        "Preview": {
            **effect,
            **{"draft": EXAMPLE_DRAFT, "revision": 2, "release": release, "problem": "", "milliseconds": 260.4},
        },
        "Trial": trial,
        "Trials": {"trials": [trial]},
        "RuleFindings": {
            **{"release": release, "leads": 4483, "won": 430, "known": 2000},
            "rules": [{**rule, "edited": False, "drift": "steady"}],
            "now": [{"name": "clear", "fired": 702, "share": 0.351, "drift": "moved"}],
        },
    }

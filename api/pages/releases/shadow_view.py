"""The shadow as its page shows it: what it is, how often it differs, from what to what, and for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadledger.api.pages.releases.release_list import word_moment
from leadledger.api.pages.studio.effect_view import SHORT_ACTIONS
from leadledger.api.wording.figures import word_count, word_points
from leadledger.api.wording.shadows import head_shadow, list_shadow_sentences

MOST_LEADS_SHOWN = 25


@dataclass(frozen=True)
class ShadowMove:
    """Scores that would have another recommendation or grade."""

    what: str
    before: str
    after: str
    scores: str


@dataclass(frozen=True)
class ShadowLead:
    """A lead that the shadow would have given something else; an empty `id`: it has none."""

    id: str
    moment: str
    before: str
    after: str
    points: str


@dataclass(frozen=True)
class ShadowView:
    """The shadow. `kind` is `none` where there is none; `waiting` scores are not compared yet."""

    kind: str
    name: str
    head: str
    sentences: tuple[str, ...]
    moves: tuple[ShadowMove, ...]
    leads: tuple[ShadowLead, ...]
    more_leads: int
    waiting: str


def view_shadow(shadow: Mapping[str, Any]) -> ShadowView:
    """The shadow, from what `show_shadow` answers."""
    newest = {lead["lead"] or lead["score"]: lead for lead in reversed(shadow["leads"])}  # of each, its newest score
    leads = sorted(newest.values(), key=lambda lead: lead["at"], reverse=True)
    return ShadowView(
        kind=shadow["kind"],
        name=shadow["name"],
        head=head_shadow(shadow),
        sentences=tuple(list_shadow_sentences(shadow)),
        moves=tuple(
            ShadowMove(
                "What to do" if move["what"] == "recommendation" else "Grade",
                SHORT_ACTIONS.get(move["before"], move["before"]) or "none",
                SHORT_ACTIONS.get(move["after"], move["after"]) or "none",
                word_count(move["scores"]),
            )
            for move in shadow["moves"]
        ),
        leads=tuple(
            ShadowLead(
                lead["lead"],
                word_moment(lead["at"]),
                _word_state(lead["recommendation"], lead["grade"]),
                _word_state(lead["shadow_recommendation"], lead["shadow_grade"]),
                word_points(round(10 * lead["difference"])),
            )
            for lead in leads[:MOST_LEADS_SHOWN]
        ),
        more_leads=max(len(leads) - MOST_LEADS_SHOWN, 0),
        waiting=word_count(shadow["waiting"]) if shadow["waiting"] else "",
    )


def _word_state(verdict: str, grade: str) -> str:
    return ", ".join(part for part in (SHORT_ACTIONS.get(verdict, verdict), grade) if part)

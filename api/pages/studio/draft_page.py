"""What every page of a draft shows: the draft, its tabs, and what it would do."""

from __future__ import annotations

from typing import Any

from leadledger.api.pages.studio.draft_view import list_tabs, word_time
from leadledger.api.pages.studio.effect_view import EffectView, view_effect
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.scoring import today
from leadledger.api.studio import drafts, previews
from leadledger.api.studio.studio import Studio
from leadledger.scoring.day_forms import find_zone

NO_EFFECT = "No edit yet"


async def open_draft(studio: Studio, name: str, tab: str) -> dict[str, Any]:
    """The context of a page of a draft. Raises Refusal (404, 503)."""
    draft = await drafts.read_draft(studio, name)
    studio.sample.prepare()
    zone_name = studio.service.loaded.card.card.time_zone
    day, zone = today(zone_name), find_zone(zone_name)
    effect = await try_draft(studio, name, None) if draft["changes"] or not draft["changes_known"] else None
    return {
        "room": "studio",
        "draft": draft,
        "path": f"/studio/drafts/{name}",
        "title": draft["check"]["title"] or draft["check"]["card"] or name,
        "tabs": list_tabs(draft, tab),
        "effect": effect,
        "summary": NO_EFFECT if effect is None else effect.summary,
        "edits": _count_changes(draft),
        "saved": word_time(draft["changed_at"], day, zone),
        "zone_name": zone_name,
        "day": day,
        "zone": zone,
    }


async def try_draft(studio: Studio, name: str, text: str | None) -> EffectView | None:
    """What a draft, or a text in its place, would do to known leads; None where no leads are kept."""
    try:
        return view_effect(await previews.preview_draft(studio, name, text))
    except Refusal as refusal:
        if refusal.status != 404:
            raise
        return None


def _count_changes(draft: dict[str, Any]) -> str:
    count = len(draft["changes"])
    if not draft["changes_known"]:
        return "the release that it began from is gone"
    return "1 change" if count == 1 else f"{count:,} changes"

"""What a draft would do to known leads, on a sample of them, while it is edited."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Any

from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.scoring import today
from leadledger.api.studio.check import CheckedCard
from leadledger.api.studio.drafts import check_once
from leadledger.api.studio.effect import DraftEffect
from leadledger.api.studio.lead_sample import LeadSample
from leadledger.api.studio.studio import Studio, run_in_thread
from leadledger.models.releases.edited_rules import CarriedLearning, carry_learning
from leadledger.scoring.errors import DraftError, ReleaseError
from leadledger.scoring.scorecard import Scorecard

OTHER_CARD = "the draft is of the card '{draft}', and the leads are of '{current}': give it the same `name:`"
HAS_MISTAKES = "the text has mistakes; mend them first"


async def preview_draft(studio: Studio, name: str, text: str | None) -> dict[str, Any]:
    """What a draft would do to a sample of the known leads, as JSON; `text` stands for its own, unless it is None.

    `problem` says why that can't be told: the text has mistakes, or what the release has learned doesn't fit it any
    more. Raises Refusal: there is no such draft, or no log (404), or it fails (503).
    """
    draft = await run_in_thread(lambda: studio.drafts.read(name))
    text = draft.text if text is None else text
    loaded = studio.service.loaded
    day = today(loaded.card.card.time_zone)
    async with studio.previewing:
        start = perf_counter()
        sample = await studio.sample.get(loaded, day)
        tried = await asyncio.to_thread(_try_on_sample, loaded, sample, day, text)
    return {
        "draft": name,
        "revision": draft.revision,
        "release": loaded.release,
        "known": sample.known,
        **tried,
        "milliseconds": round((perf_counter() - start) * 1000, 1),
    }


async def preview_release(studio: Studio, name: str) -> dict[str, Any]:
    """What another release would do to a sample of the known leads, as JSON, in place of the one that is served.

    `problem` says why that can't be told. Raises Refusal: there is no such release, or no log (404), or it fails (503).
    """
    loaded = studio.service.loaded
    other = await run_in_thread(lambda: studio.releases.open(name))
    day = today(loaded.card.card.time_zone)
    async with studio.previewing:
        sample = await studio.sample.get(loaded, day)
        tried = await asyncio.to_thread(_try_release, loaded, sample, day, other)
    return {"release": loaded.release, "known": sample.known, **tried}


def _try_release(loaded: LoadedCard, sample: LeadSample, day: Any, other: Scorecard) -> dict[str, Any]:
    names = other.card.name, loaded.card.card.name
    if names[0] != names[1]:
        problem = f"It scores by the card '{names[0]}', and the known leads are of '{names[1]}'"
        return {**DraftEffect(loaded.card, loaded.card, day).to_dict(), "problem": problem}
    effect = DraftEffect(loaded.card, other, day, by_edit=False)
    for weighed in sample.leads:
        effect.add(weighed)
    return {**effect.to_dict(sample.per_week), "problem": ""}


def carry_to_draft(loaded: LoadedCard, checked: CheckedCard) -> CarriedLearning:
    """The draft's card with what the release that is served has learned. Raises DraftError, ReleaseError."""
    if checked.card is None:
        raise DraftError(HAS_MISTAKES)
    current = loaded.card
    if checked.card.name != current.card.name:
        raise DraftError(OTHER_CARD.format(draft=checked.card.name, current=current.card.name))
    return carry_learning(current, checked.card)


def _try_on_sample(loaded: LoadedCard, sample: LeadSample, day: Any, text: str) -> dict[str, Any]:
    try:
        carried = carry_to_draft(loaded, check_once(text))
    except (DraftError, ReleaseError) as error:
        return {**DraftEffect(loaded.card, loaded.card, day).to_dict(), "problem": str(error)}
    effect = DraftEffect(carried.before, carried.scorecard, day)
    for weighed in sample.leads:
        effect.add(weighed)
    described = effect.to_dict(sample.per_week)
    return {**described, "notes": [*carried.notes, *described["notes"]], "problem": ""}

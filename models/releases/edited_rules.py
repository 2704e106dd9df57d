"""A release of an edited card that carries what the release before has learned.

Tables, trust and base rate stay as training found them; so does a promotion threshold that training found. They were
measured with the former rules, and the release says so: its metrics hold no measure of its own, only where the last
ones are. To measure them with the edited rules, train again.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from leadledger.models.releases.learned_checks import check_learned
from leadledger.models.releases.store import Releases
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.choice_flags import add_choice_flags
from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.scorecard import Card, Learned, Scorecard, build_untrained

KNOWN_LEADS = "known_leads.json"  # as training writes it
NOT_JUDGED = -(2**15)  # the total of a lead that no model had judged without having seen it
MEASURED_BEFORE = (
    "The rules were edited after training: trust, thresholds, places and promises were measured with the rules of"
    " release {release}. Train again to measure them with these rules."
)


@dataclass(frozen=True)
class CarriedLearning:
    """An edited card with what a release has learned, and the card `before` with the same.

    `notes` say what of it doesn't suit the edits.
    """

    before: Scorecard
    scorecard: Scorecard
    notes: tuple[str, ...]


def carry_learning(base: Scorecard, card: Card) -> CarriedLearning:
    """Put what a release has learned beside an edited card. Raises ReleaseError where it doesn't fit it any more.

    Where the release has learned nothing, the card's own base rate and trust count.
    """
    if not has_learned(base):
        return CarriedLearning(base, build_untrained(card), ())
    card = add_choice_flags(card, base.learned.choices)
    learned = forget_hand_set(base)
    try:
        check_learned(card, learned)
    except ReleaseError as error:
        raise ReleaseError(
            f"{error}\nRelease {base.release} scores by it. Put it back into the card, or train again with this card"
        ) from None
    before = base if learned is base.learned else replace(base, learned=learned)
    return CarriedLearning(before, Scorecard(card, learned), tuple(_note_requests(base, card, learned)))


def has_learned(scorecard: Scorecard) -> bool:
    """Whether a history has taught a release anything: tables, thresholds or steps, or only a trust and a rate."""
    learned = scorecard.learned
    declared = build_untrained(scorecard.card).learned
    return bool(learned.all_terms or learned.thresholds or learned.percentiles or learned.steps) or (
        (learned.base_rate, learned.trust, learned.start) != (declared.base_rate, declared.trust, declared.start)
    )


def forget_hand_set(base: Scorecard) -> Learned:
    """What a release has learned, without the thresholds that training took over from the card.

    A threshold that the card sets by hand is then the edited card's.
    """
    thresholds = base.learned.thresholds
    kept = {name: threshold for name, threshold in thresholds.items() if not threshold.is_of_card}
    return base.learned if len(kept) == len(thresholds) else replace(base.learned, thresholds=kept)


def _note_requests(base: Scorecard, card: Card, learned: Learned) -> Iterator[str]:
    """What the edited card asks of training that the carried thresholds don't answer."""
    before = {stage.name: stage for stage in base.card.stages}
    for stage in card.stages:
        former = before.get(stage.name)
        if former is None or stage.name not in learned.thresholds:
            continue
        requests = [(way.points, way.precision, way.confidence, way.capacity, way.value) for way in (former, stage)]
        if requests[0] != requests[1]:
            yield (
                f"The threshold of stage '{stage.name}' stays the one that training found for the former card; training"
                " again finds another"
            )
    if card.base_rate != base.card.base_rate:
        yield "The base rate stays the one that training found"
    if card.trust != base.card.trust:
        yield "The trust in the rules stays the one that training found"


def publish_edited(
    releases: Releases,
    card_text: str,
    base: Scorecard,
    *,
    by: str,
    note: str,
    created: datetime,
    edits: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Release an edited card with what `base`, the current release, has learned, and return the new release's name.

    `by` whom; `edits` are kept in the provenance. Raises ScorecardError and ReleaseError for what can't be released;
    ReleaseOvertaken where another release has become the current one meanwhile.
    """
    shown = releases.show(base.release)
    source, former = shown["provenance"], shown["metrics"]
    measured = str(source.get("measured_with") or base.release)
    carried = carry_learning(base, parse_card(card_text, standard_names=base.card.standard_names))
    learned = has_learned(base)
    provenance = {
        **source,
        "card_sha256": hashlib.sha256(card_text.encode()).hexdigest(),
        "edited_from": base.release,
        "edited_by": by,
        "edits": [dict(edit) for edit in edits],
        **({"measured_with": measured} if learned else {}),
    }
    metrics: dict[str, Any] = {"edited_from": base.release}
    if learned:
        comparison = former.get("comparison") or former
        best = "" if comparison.get("worse") else comparison.get("measure")
        metrics |= {"measured_with": measured, "measure": best or measured}
        metrics["said"] = MEASURED_BEFORE.format(release=measured)
    if "fairness" in former:  # a bound that is exceeded stays so until a training measures it again
        metrics["fairness"] = former["fairness"]
    files = {}
    if KNOWN_LEADS in shown["files"]:
        files[KNOWN_LEADS] = _forget_totals(releases.read(base.release, KNOWN_LEADS))
    return releases.publish(
        card_text,
        _date_promises(carried.scorecard.learned, measured),
        metrics=metrics,
        provenance=provenance,
        created=created,
        files=files,
        note=note,
        standard_names=base.card.standard_names,
        by=by,
        after=base.release,
    )


def _date_promises(learned: Learned, release: str) -> Learned:
    """What was learned, where each promise of a threshold says with the rules of which release it was measured."""
    note = f", measured with the rules of release {release}"
    thresholds = {
        name: replace(threshold, promise=f"{threshold.promise}{note}")
        if threshold.promise and not threshold.promise.endswith(note)
        else threshold
        for name, threshold in learned.thresholds.items()
    }
    return replace(learned, thresholds=thresholds) if thresholds else learned


def _forget_totals(content: bytes) -> bytes:
    """The leads that were learned from, without what models made of them by the former rules."""
    record = json.loads(content)
    record["totals"] = base64.b64encode(NOT_JUDGED.to_bytes(2, "little", signed=True) * record["leads"]).decode()
    return (json.dumps(record, indent=2) + "\n").encode()

"""What is known of each rule, to be shown at the rule itself: what training found about it (dead, contradicted …), and
how often it fires now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, TypeAlias

from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.scoring import today
from leadledger.api.studio.studio import Studio, run_in_thread
from leadledger.models.releases.store import Releases
from leadledger.models.stability import Band, find_band, moved
from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.result import Result

DriftBand: TypeAlias = Literal["", Band]

CHI_SQUARED = 6.635  # with one degree of freedom, which chance exceeds in one of a hundred samples


async def list_rule_findings(studio: Studio, *, waits: bool = True) -> dict[str, Any]:
    """The audit of the rules of the release that is served, as JSON; no rule where nothing was trained.

    `release` is the one that was measured: rules that were edited since are marked. `now` has how often each rule fires
    for a sample of the known leads, beside training; with `waits` False only where that sample is in memory already.
    Raises Refusal (409).
    """
    loaded = studio.service.loaded
    found = await run_in_thread(lambda: _find(studio.releases, loaded.release))
    sample = None
    if studio.service.decision_log is not None and (waits or studio.sample.is_ready):
        with suppress(Refusal):  # the log fails, which is no reason to keep the audit back
            sample = await studio.sample.get(loaded, today(loaded.card.card.time_zone))
    leads = () if sample is None else sample.leads
    names = [rule.name for rule in loaded.card.card.rules]
    return {**found, "known": len(leads), "now": list_now(names, [lead.before for lead in leads], found)}


def list_now(names: Sequence[str], results: Sequence[Result], found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """How often rules fire for some leads, and whether that differs from the audit in `found`; none without leads."""
    if not results:
        return []
    fired = Counter(entry.name for result in results for entry in result.ledger if entry.kind == "rule")
    audited = {rule["name"]: rule for rule in found["rules"] if not rule["edited"]}
    return [
        {
            "name": name,
            "fired": fired[name],
            "share": round(fired[name] / len(results), 4),
            "drift": find_drift(audited[name]["fired"], found["leads"], fired[name], len(results))
            if name in audited
            else "",
        }
        for name in names
    ]


def find_drift(fired: int, leads: int, fired_now: int, leads_now: int) -> DriftBand:
    """How far apart two shares of leads for which a rule fires are; empty: one has no leads.

    The bands are those of training's drift; what chance brings in one of a hundred samples is steady.
    """
    if not leads or not leads_now:
        return ""
    distance = moved((fired, leads - fired), (fired_now, leads_now - fired_now))
    chance = (CHI_SQUARED - 1) * (1 / leads + 1 / leads_now)
    return find_band(distance, chance)


def _find(releases: Releases, served: str) -> dict[str, Any]:
    nothing = {"release": "", "leads": 0, "won": 0, "rules": []}
    if not served:
        return nothing
    shown = releases.show(served)
    measured = str(shown["provenance"].get("measured_with") or served)
    try:
        metrics = (shown if measured == served else releases.show(measured))["metrics"]
        audit = metrics.get("audit")
        before, now = releases.open(measured), releases.open(served)
    except ReleaseError:  # the release that was measured is gone
        return nothing
    if not isinstance(audit, Mapping):
        return nothing
    rules = {rule.name: rule for rule in now.card.rules}
    former = {rule.name: rule for rule in before.card.rules}
    drift = {shift["name"]: shift["band"] for shift in metrics.get("drift", {}).get("rules", ())}
    return {
        "release": measured,
        "leads": audit["leads"],
        "won": audit["won"],
        "rules": [
            {
                **rule,
                "edited": rules.get(rule["name"]) != former.get(rule["name"]),
                "drift": drift.get(rule["name"], ""),
            }
            for rule in audit["rules"]
            if rule["name"] in rules
        ],
    }

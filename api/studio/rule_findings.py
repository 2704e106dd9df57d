"""What training found about each rule: dead, contradicted, overrated, underrated …, to be shown at the rule itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadledger.api.studio.studio import Studio, run_in_thread
from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import ReleaseError


async def list_rule_findings(studio: Studio) -> dict[str, Any]:
    """The audit of the rules of the release that is served, as JSON; no rule where nothing was trained.

    `release` is the one that was measured: rules that were edited since are marked. Raises Refusal (409).
    """
    return await run_in_thread(lambda: _find(studio.releases, studio.service.loaded.release))


def _find(releases: Releases, served: str) -> dict[str, Any]:
    nothing = {"release": "", "leads": 0, "won": 0, "rules": []}
    if not served:
        return nothing
    shown = releases.show(served)
    measured = str(shown["provenance"].get("measured_with") or served)
    try:
        audit = (shown if measured == served else releases.show(measured))["metrics"].get("audit")
        before, now = releases.open(measured), releases.open(served)
    except ReleaseError:  # the release that was measured is gone
        return nothing
    if not isinstance(audit, Mapping):
        return nothing
    rules = {rule.name: rule for rule in now.card.rules}
    former = {rule.name: rule for rule in before.card.rules}
    return {
        "release": measured,
        "leads": audit["leads"],
        "won": audit["won"],
        "rules": [
            {**rule, "edited": rules.get(rule["name"]) != former.get(rule["name"])}
            for rule in audit["rules"]
            if rule["name"] in rules
        ],
    }

"""One release: what it promises, how scores and grades are spread, how far it trusts the rules, and their audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leadledger.api.pages.releases.measures import Measures
from leadledger.api.pages.releases.quality import (
    ReleaseQuality,
    word_quality,
    write_number,
    write_percent,
    write_points,
    write_sentence,
)
from leadledger.api.pages.releases.release_list import word_moment
from leadledger.api.wording.figures import word_chance, word_count

REPORT_FILE = "report.html"
FINDINGS = {
    "contradicted": "The data say the opposite",
    "overrated": "Counts for more than the data support",
    "underrated": "Counts for less than the data support",
    "dead": "Never fires",
    "always_on": "Fires for every lead",
    "redundant": "Says the same as another rule",
}
SOURCES = {
    "data": "History",
    "rows": "Rows",
    "oldest_lead": "Oldest lead",
    "newest_lead": "Newest lead",
    "as_of": "As of",
    "seed": "Seed",
    "edited_from": "Edited from release",
    "edited_by": "Edited by",
    "measured_with": "Measured with release",
    "recalibrated_from": "Recalibrated from release",
}


@dataclass(frozen=True)
class RateRow:
    """Leads of one band of scores, or of one grade: how many they are, and how many of them came true.

    The texts that end in `_at` are places along a bar from `0%` to `100%`; empty where the rate isn't known.
    """

    name: str
    leads: str
    share: str
    share_at: str
    predicted: str
    predicted_at: str
    came: str
    came_at: str
    limits: str
    low_at: str
    high_at: str


@dataclass(frozen=True)
class AuditedRule:
    """A rule under audit: points as declared, as counted, and as the outcomes support them."""

    name: str
    reason: str
    finding: str
    sentence: str
    declared: str
    counted: str
    supported: str
    fired: str
    came: str


@dataclass(frozen=True)
class ReleaseView:
    """What the page of a release shows; empty parts were not measured."""

    name: str
    card: str
    note: str
    moment: str
    is_current: bool
    quality: ReleaseQuality
    grades: tuple[RateRow, ...]
    scores: tuple[RateRow, ...]
    trust: str
    trust_example: str
    findings: tuple[AuditedRule, ...]
    other_rules: tuple[AuditedRule, ...]
    audited_leads: str
    sources: tuple[tuple[str, str], ...]
    has_report: bool


def view_release(shown: Mapping[str, Any]) -> ReleaseView:
    """The page of a release, from what `show_release` answers."""
    metrics = Measures(shown["metrics"])
    rules = [_view_rule(rule) for rule in metrics.records("audit", "rules")]
    trust = metrics.number("trust")
    leads = metrics.number("audit", "leads")
    return ReleaseView(
        name=shown["name"],
        card=str(shown["card"]),
        note=str(shown["note"]),
        moment=word_moment(str(shown["created"])),
        is_current=shown["current"],
        quality=word_quality(metrics),
        grades=tuple(_view_rate(row, row.text("grade")) for row in metrics.records("grades")),
        scores=tuple(_view_rate(row, row.text("band")) for row in metrics.records("scores")),
        trust="" if trust is None else word_chance(trust),
        trust_example="" if trust is None else write_points(10 * trust),
        findings=tuple(sorted((rule for rule in rules if rule.finding), key=lambda rule: _rank(rule.finding))),
        other_rules=tuple(rule for rule in rules if not rule.finding),
        audited_leads="" if leads is None else write_number(leads),
        sources=tuple(_list_sources(Measures(shown["provenance"]))),
        has_report=REPORT_FILE in shown["files"],
    )


def _view_rate(row: Measures, name: str) -> RateRow:
    leads, share, predicted, came = (row.number(key) for key in ("leads", "share", "foreseen", "came"))
    low, high = row.number("low"), row.number("high")
    has_limits = low is not None and high is not None
    return RateRow(
        name=name,
        leads="" if leads is None else write_number(leads),
        share="" if share is None else write_percent(share),
        share_at=_place(share),
        predicted="" if predicted is None else write_percent(predicted),
        predicted_at=_place(predicted),
        came="" if came is None else write_percent(came),
        came_at=_place(came),
        limits=f"{write_percent(low or 0)} to {write_percent(high or 0)}" if has_limits else "",
        low_at=_place(low) if has_limits else "",
        high_at=_place(high) if has_limits else "",
    )


def _place(rate: float | None) -> str:
    """Where a rate (0..1) lies along a bar."""
    return "" if rate is None else f"{min(max(rate, 0), 1):.2%}"


def _view_rule(rule: Measures) -> AuditedRule:
    finding, fired, rate = rule.text("finding"), rule.number("fired"), rule.number("rate")
    supported, low, high = (rule.number(key) for key in ("supported", "supported_low", "supported_high"))
    limits = "" if low is None or high is None else f" ({_sign(low)} to {_sign(high)})"
    return AuditedRule(
        name=rule.text("name"),
        reason=rule.text("reason") or rule.text("name"),
        finding=FINDINGS.get(finding, finding),
        sentence=write_sentence(rule.text("said")),
        declared=_sign(rule.number("declared")),
        counted=_sign(rule.number("counted")),
        supported="" if supported is None else f"{_sign(supported)}{limits}",
        fired="" if fired is None else word_count(int(fired)),
        came="" if rate is None else write_percent(rate),
    )


def _sign(points: float | None) -> str:
    """Points with their sign; empty where they aren't known."""
    return "" if points is None else f"{'+' if points > 0 else ''}{write_points(points)}"


def _rank(finding: str) -> int:
    """The place of a finding: the gravest first."""
    order = list(FINDINGS.values())
    return order.index(finding) if finding in order else len(order)


def _list_sources(provenance: Measures) -> Iterator[tuple[str, str]]:
    for key, words in SOURCES.items():
        number = provenance.number(key)
        text = provenance.text(key) or ("" if number is None else word_count(int(number)))
        if text:
            yield words, text
    versions = provenance.at("versions").content
    if isinstance(versions, Mapping):
        yield "Made by", ", ".join(f"{name} {version}" for name, version in versions.items())

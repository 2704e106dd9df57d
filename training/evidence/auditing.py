"""The rules under audit: the outcomes of the leads that each fired for, and the points that the data support.

A rule's points are refitted on past outcomes while the rest is held fixed: every other rule at what it counts, and
every table that reads none of the rule's fields. The tables of its own fields are set aside, because they have learned
from the same outcomes what the rule says already: beside them the data would support next to nothing for any rule,
right or wrong. The rules that read the same fields stand in for them: they keep the proportions that the card declares,
and the data choose by which factor they count, so that a wrong neighbour spoils nothing. Rules that fire for the same
leads are measured as one.

In a group with a limit, the others are held at what they would count without the rule, and the rule is measured as if
it counted in full; in a best-of group it is measured where it is the best. A rule that decays is measured by its points
on the first day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.result import format_signed
from leadledger.scoring.rule import Group, Rule
from leadledger.scoring.scorecard import Card, Learned, Scorecard
from leadledger.training.evidence.rule_refit import Supported, refit
from leadledger.training.history import History
from leadledger.training.intervals import rate_limits
from leadledger.training.notebook import table

DEAD_SHARE = 0.001  # a rule is dead if at most so many of the leads have it, the upper limit of the share being below
ALWAYS_ON_SHARE = 0.98  # of the leads for which its answer is known, and these are FEWEST_KNOWN at least
FEWEST_KNOWN = 30
REDUNDANT_SHARE = 0.95  # of the leads for which either of two rules fires, both do: one of them is redundant
RATING_FACTOR = 2.0  # points that are so many times too large, or too small, are a finding; less is a matter of taste


@dataclass(frozen=True)
class RuleAudit:
    """One rule under audit.

    `declared` and `counted` (with trust applied) are tenths. Of the leads with a known outcome it `fired` for `share`
    (0..1), `won` of them became opportunities: `rate` (0..1) with its exact 95 % interval, `lift` over the rate of all
    leads with the same limits as multiples; None where it never fired. `supported` is None where the data say nothing.
    `lost` are the tenths, with the rule's sign taken away, that groups took from it over all leads. `finding` is
    `dead`, `always_on`, `contradicted`, `overrated`, `redundant`, `underrated` or empty; `said` puts it in a sentence.
    """

    name: str
    reason: str
    group: str
    declared: int
    counted: int
    fired: int
    share: float
    won: int
    rate: tuple[float, float, float] | None
    lift: tuple[float, float, float] | None
    supported: Supported | None
    lost: int
    finding: str = ""
    said: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON, in points; `lost_to_caps` is the mean over the leads that it fired for."""
        rate, lift = self.rate or (None,) * 3, self.lift or (None,) * 3
        supported_points = self.supported
        supported = (
            (None,) * 3
            if supported_points is None
            else tuple(
                round(number / 10, 1)
                for number in (supported_points.points, supported_points.low, supported_points.high)
            )
        )
        return {
            "name": self.name,
            "reason": self.reason,
            "group": self.group,
            "declared": self.declared / 10,
            "counted": self.counted / 10,
            "fired": self.fired,
            "share": round(self.share, 4),
            "won": self.won,
            **_limits("rate", rate),
            **_limits("lift", lift),
            **_limits("supported", supported),
            "lost_to_caps": round(self.lost / 10 / self.fired, 1) if self.fired else 0.0,
            "lost_to_caps_in_all": self.lost / 10,
            "finding": self.finding,
            "said": self.said,
        }


def _limits(name: str, values: Sequence[float | None]) -> dict[str, float | None]:
    parts = zip((name, f"{name}_low", f"{name}_high"), values, strict=True)
    return {key: None if value is None else round(value, 4) for key, value in parts}


@dataclass(frozen=True)
class Audit:
    """All rules of a card under audit, in its order; `leads` of them `won`. `redundant` are pairs (rule, with)."""

    leads: int
    won: int
    rules: tuple[RuleAudit, ...]
    dead: tuple[str, ...]
    always_on: tuple[str, ...]
    contradicted: tuple[str, ...]
    overrated: tuple[str, ...]
    underrated: tuple[str, ...]
    redundant: tuple[tuple[str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON, in points."""
        return {
            "leads": self.leads,
            "won": self.won,
            "rules": [rule.to_dict() for rule in self.rules],
            "dead": list(self.dead),
            "always_on": list(self.always_on),
            "contradicted": list(self.contradicted),
            "overrated": list(self.overrated),
            "underrated": list(self.underrated),
            "redundant": [list(pair) for pair in self.redundant],
        }

    def _repr_html_(self) -> str:
        shown = ["name", "declared", "counted", "supported", "supported_low", "supported_high", "fired", "rate", "lift"]
        records = [rule.to_dict() for rule in self.rules]
        rows = [{key: record[key] for key in (*shown, "lost_to_caps", "finding", "said")} for record in records]
        return table(rows, "Rules under audit", f"{self.leads:,} leads, {self.won:,} of them became opportunities.")


def audit(
    scorecard: Scorecard,
    history: History,
    positions: NDArray[np.intp] | None = None,
    fired: Mapping[str, NDArray[np.int8]] | None = None,
) -> Audit:
    """Audit the rules of a scorecard by a history. `positions` (m,) choose its leads; None: all of them.

    `fired` is what `history.find_fired` returns for the card, where the caller has it already.
    """
    earned = _earned(scorecard, history, positions, fired or history.find_fired(scorecard.card))
    won = history.won if positions is None else history.won[positions]
    pairs = _redundant(scorecard, earned)
    rules = [_rule(scorecard, earned, won, at, pairs) for at in range(len(scorecard.rules))]
    lists = {
        finding: tuple(audited.name for audited, findings in rules if finding in findings)
        for finding in ("dead", "always_on", "contradicted", "overrated", "underrated")
    }
    names = [rule.rule.name for rule in scorecard.rules]
    redundant = tuple((names[first], names[second]) for first, second in pairs)
    return Audit(len(won), int(won.sum()), tuple(audited for audited, _ in rules), redundant=redundant, **lists)


# -- what each rule earned ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Earned:
    """What each rule and each term earned a lead. Shapes: (rules, n) and (terms, n), in the card's order.

    `states`: 1 fires, 0 doesn't, -1 unknown. `declared` and `counted`: tenths without and with trust, before groups.
    `best`: whether the rule is the one that counts of its best-of group, elsewhere whether it fires.
    """

    states: NDArray[np.int8]
    declared: NDArray[np.int16]
    counted: NDArray[np.int16]
    best: NDArray[np.bool_]
    terms: NDArray[np.int32]


def _earned(
    scorecard: Scorecard, history: History, positions: NDArray[np.intp] | None, fired: Mapping[str, NDArray[np.int8]]
) -> _Earned:
    """Ask the printed SQL what rules earn without trust and with it, and what the terms do."""
    card = scorecard.card
    points = [f"CAST(coalesce({quoted(f'r:{rule.name}')}, 0) AS SMALLINT)" for rule in card.rules]
    terms = [f"CAST({quoted(f't:{term.name}')} AS INTEGER)" for term in scorecard.learned.terms]
    size, chosen = len(card.rules), slice(None) if positions is None else positions
    columns = [column[chosen] for column in history.select(Scorecard(card, Learned()), points, ledger=True)]
    declared = _stacked(columns, np.int16)
    states = _stacked([fired[rule.name][chosen] for rule in card.rules], np.int8)
    columns = [column[chosen] for column in history.select(scorecard, [*points, *terms], ledger=True)]
    counted = _stacked(columns[:size], np.int16)
    best = states == 1
    for group in card.groups:
        if group.best_of:
            members = _members(card, group)
            best[members] = _best(declared[members])
    return _Earned(states, declared, counted, best, _stacked(columns[size:], np.int32))


def _stacked(columns: list[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.array(columns, dtype=kind) if columns else np.empty((0, 0), dtype=kind)


def _members(card: Card, group: Group) -> list[int]:
    return [at for at, rule in enumerate(card.rules) if rule.group == group.name]


def _best(points: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Which rule of a best-of group counts, the first of equals. Shape: (rules, n)."""
    worth = np.where(points == 0, np.iinfo(np.int16).min, points)
    first = np.arange(len(points))[:, None] == worth.argmax(axis=0)
    return np.asarray(first & (points != 0))


def _cut(group: Group, points: NDArray[np.int64]) -> NDArray[np.int64]:
    if group.maximum is not None:
        points = np.minimum(points, group.maximum)
    return points if group.minimum is None else np.maximum(points, group.minimum)


def _together(group: Group, points: NDArray[np.int16]) -> NDArray[np.int64]:
    """What the rules of a group count together. Shape: (n,); `points` (rules, n)."""
    return _cut(group, (np.where(_best(points), points, 0) if group.best_of else points).sum(axis=0, dtype=np.int64))


def _lost(scorecard: Scorecard, earned: _Earned, at: int) -> int:
    """The tenths of a rule, over all leads, that its group took from it.

    What a limit takes is shared by the rules that lean against it, in proportion to their points; of a best-of group
    all but the best lose all.
    """
    rule = scorecard.rules[at].rule
    group = next((group for group in scorecard.groups if group.name == rule.group), None)
    if group is None:
        return 0
    members = _members(scorecard.card, group)
    points = earned.counted[members].astype(np.int64)
    own = points[members.index(at)]
    beaten = np.zeros(len(own), dtype=np.int64)
    if group.best_of:
        best = _best(earned.counted[members])
        beaten = np.where(best[members.index(at)], 0, own)
        points, own = np.where(best, points, 0), own - beaten
    taken = points.sum(axis=0) - _cut(group, points.sum(axis=0))  # above 0: by the maximum; below: by the minimum
    side = np.where(taken > 0, np.maximum(points, 0), np.minimum(points, 0)).sum(axis=0)
    leaning = np.where(taken > 0, np.maximum(own, 0), np.minimum(own, 0))
    share = np.divide(leaning, side, out=np.zeros(len(own)), where=side != 0)
    return round(float(np.sum(beaten + taken * share)) * (1 if rule.points > 0 else -1))


def _redundant(scorecard: Scorecard, earned: _Earned) -> list[tuple[int, int]]:
    """Pairs (rule, with): the later of two that fire for the same leads, and what never is the best of its group."""
    size = len(earned.states)
    both = np.zeros((size, size))
    for part in np.array_split(np.arange(earned.states.shape[1]), max(1, earned.states.shape[1] // 100_000)):
        fires = (earned.states[:, part] == 1).astype(np.float32)
        both += fires @ fires.T
    fired = np.diag(both)
    either = fired[:, None] + fired[None, :] - both
    pairs = []
    for at, priced in enumerate(scorecard.rules):
        group = next((candidate for candidate in scorecard.groups if candidate.name == priced.rule.group), None)
        if not fired[at]:
            continue
        same = [earlier for earlier in range(at) if both[at, earlier] >= REDUNDANT_SHARE * either[at, earlier]]
        if not same and group is not None and group.best_of and not earned.best[at].any():
            # The rule that beats it most often where it fires.
            members = [member for member in _members(scorecard.card, group) if member != at]
            beats = [int((earned.best[member] & (earned.states[at] == 1)).sum()) for member in members]
            same = [members[int(np.argmax(beats))]] if any(beats) else []
        pairs += [(at, same[0])] if same else []
    return pairs


# -- the audit of one rule ---------------------------------------------------------------------------------------------


def _rule(
    scorecard: Scorecard, earned: _Earned, won: NDArray[np.bool_], at: int, pairs: list[tuple[int, int]]
) -> tuple[RuleAudit, set[str]]:
    """A rule's audit, and every finding that holds of it; the record names the first."""
    priced = scorecard.rules[at]
    rule = priced.rule
    fires = earned.states[at] == 1
    fired, wins, leads = int(fires.sum()), int(won[fires].sum()), len(won)
    base = float(won.mean()) if leads else 0.0
    rate = (wins / fired, *rate_limits(wins, fired)) if fired else None
    audited = RuleAudit(
        name=rule.name,
        reason=rule.reason,
        group=rule.group,
        declared=rule.points,
        counted=priced.points,
        fired=fired,
        share=fired / leads if leads else 0.0,
        won=wins,
        rate=rate,
        lift=(rate[0] / base, rate[1] / base, rate[2] / base) if rate and base else None,
        supported=_supported(scorecard, earned, won, at, pairs),
        lost=_lost(scorecard, earned, at),
    )
    findings = _findings(audited, earned, at, leads)
    twin = next((second for first, second in pairs if first == at), None)
    if twin is not None:
        findings["redundant"] = (
            f"fires for the same leads as {scorecard.rules[twin].rule.name}, or never counts beside it"
        )
    order = ("dead", "always_on", "contradicted", "overrated", "redundant", "underrated")
    first = next((finding for finding in order if finding in findings), "")
    return replace(audited, finding=first, said=findings.get(first, "")), set(findings)


def _findings(audited: RuleAudit, earned: _Earned, at: int, leads: int) -> dict[str, str]:
    """The findings on a rule by itself, with a sentence each."""
    if leads and audited.fired == 0:
        return {"dead": f"fired for none of {leads:,} leads"}
    if rate_limits(audited.fired, leads)[1] < DEAD_SHARE:
        return {"dead": f"fired for {audited.fired:,} of {leads:,} leads, too few to rest any result on"}
    findings = {}
    known = int((earned.states[at] >= 0).sum())
    if known >= FEWEST_KNOWN and audited.fired >= ALWAYS_ON_SHARE * known:
        findings["always_on"] = (
            f"fired for {audited.fired:,} of the {known:,} leads whose answer is known, so it tells none apart"
        )
    data = audited.supported
    if data is None:
        return findings
    declared, sign = audited.declared, 1 if audited.declared > 0 else -1
    low, middle, high = sorted((sign * data.low, sign * data.points, sign * data.high))
    between = f"{_points(data.low)} to {_points(data.high)}"
    sentence = f"declared {_points(declared)}, the data support {_points(data.points)} ({between})"
    if high < 0:
        findings["contradicted"] = f"{sentence}: the other sign"
    elif sign * declared > max(high, RATING_FACTOR * middle):
        findings["overrated"] = sentence
    elif low > sign * declared and middle > RATING_FACTOR * sign * declared:
        findings["underrated"] = sentence
    return findings


def _points(tenths: float) -> str:
    return format_signed(round(tenths))


# -- the points that the data support ----------------------------------------------------------------------------------


def _supported(
    scorecard: Scorecard, earned: _Earned, won: NDArray[np.bool_], at: int, pairs: list[tuple[int, int]]
) -> Supported | None:
    """Refit a rule; None where it fires for no lead or for all, or where all leads ended alike."""
    card = scorecard.card
    own = set(_roots(card, card.rules[at]))
    twins = {at} | {position for pair in pairs if at in pair for position in pair}
    near = {i for i, rule in enumerate(card.rules) if own.intersection(_roots(card, rule))} - twins
    offset = np.zeros(len(won), dtype=np.int64)
    for term, points in zip(scorecard.learned.terms, earned.terms, strict=True):
        if not own.intersection(card.find_plain_fields(term.fields)):
            offset += points
    offset += _rules(card, scorecard.groups, earned.counted, set(range(len(card.rules))) - twins - near)
    beside = _rules(card, card.groups, earned.declared, near)
    share = earned.best[at] * earned.declared[at] / card.rules[at].points
    return refit(offset, share, beside, won)


def _roots(card: Card, rule: Rule) -> tuple[str, ...]:
    return card.find_plain_fields(rule.when.fields + ((rule.half_life.of,) if rule.half_life else ()))


def _rules(card: Card, groups: Sequence[Group], points: NDArray[np.int16], some: set[int]) -> NDArray[np.int64]:
    """The tenths (n,) that some of the rules count, as if there were no others; `points` (rules, n) before groups."""
    total = np.zeros(points.shape[1], dtype=np.int64)
    for at, rule in enumerate(card.rules):
        if at in some and not rule.group:
            total += points[at]
    for group in groups:
        members = [at for at in _members(card, group) if at in some]
        if members:
            total += _together(group, points[members])
    return total

"""Fairness: what each group of a protected field gets, how far groups lie apart, and which fields foretell them.

Training never learns from a protected field, yet other fields may stand in for it. So held-out leads are looked at by
group: the share that is promoted, that of won among the promoted (precision), predicted beside actual (calibration).

Groups are compared in pairs, and the limits hold for all pairs of a field together (Bonferroni): a ratio of shares by
Donner and Zou's intervals (MOVER, 2012), a difference by Newcombe's (1998), both from Wilson's limits. A bound of the
card is `exceeded` where the limits lie beyond it, `kept` where they lie within, and otherwise the leads are too few to
tell, which is said and stops nothing. Groups of fewer than FEWEST_COMPARED leads, and missing values, are shown and not
compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import permutations
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from leadledger.models.learner.binning import find_indexes, learn_bins
from leadledger.scoring.bins import MISSING
from leadledger.scoring.fairness import Fairness
from leadledger.scoring.rule import Rule
from leadledger.scoring.scorecard import Card
from leadledger.training.intervals import rate_limits

Verdict: TypeAlias = Literal["exceeded", "kept", "open", ""]

MOST_STRETCHES, MOST_LEVELS = 5, 8  # groups of a number, and of a text; further texts are one group, `other`
FEWEST_COMPARED = 30  # leads of a group that is compared, and promoted leads where precision is
GAP_CONFIDENCE = 0.90  # of the limits of gaps, for all pairs of a field together: a bound is exceeded by chance in 5 %
BEST_SHARE = 0.2  # of the leads, that are looked at where no threshold promotes any
PROXY_BINS, PROXY_LEVELS, PROXY_COUNT = 16, 24, 20  # bins of a number, levels of a text, leads in each
PROXY_SHARE = 0.05  # of the uncertainty about the group, that a field takes away which is named a proxy
PRIOR_LEADS = 5  # leads of the average mix of groups, added to each bin of a field that may foretell them


@dataclass(frozen=True)
class GroupMeasures:
    """What the held-out leads of one group got. Rates are 0..1; limits are exact binomial ones at 95 %.

    `chosen` leads are promoted; `precision` is the share of won among them (None: none is promoted), `found` the share
    of the won that is among them (None: none was won). `foreseen` is the mean predicted probability, `came` the share
    of won. `compared`: whether the group is large enough, and known, to be compared with others.
    """

    group: str
    leads: int
    chosen: int
    won: int
    won_of_chosen: int
    rate: float
    rate_low: float
    rate_high: float
    precision: float | None
    precision_low: float
    precision_high: float
    found: float | None
    foreseen: float
    came: float
    came_low: float
    came_high: float
    compared: bool


@dataclass(frozen=True)
class Gap:
    """How far two groups lie apart in one measure: the pair that is worst off, with limits for all pairs together.

    `measure` is a key of the card's `fairness`; `worse` and `better` are the groups (both the same for calibration).
    `high` is None where a ratio has no upper limit. `bound` is the card's, None without one; `verdict` is empty then.
    """

    measure: str
    worse: str
    better: str
    value: float
    low: float
    high: float | None
    bound: float | None
    verdict: Verdict
    said: str


@dataclass(frozen=True)
class Proxy:
    """A field that foretells the group of a lead, measured on leads that it was not learned on.

    `explains` is the share of the uncertainty (entropy) about the group that it takes away, with 95 % limits. `guessed`
    is the share of leads whose group it guesses, `without` that of the commonest group.
    """

    name: str
    explains: float
    low: float
    high: float
    guessed: float
    without: float


@dataclass(frozen=True)
class FieldFairness:
    """One protected field: its groups, the gaps between them, and the fields that foretell it, the strongest first."""

    name: str
    groups: tuple[GroupMeasures, ...]
    gaps: tuple[Gap, ...]
    proxies: tuple[Proxy, ...]


@dataclass(frozen=True)
class FairnessMeasures:
    """All protected fields. `chosen_by` says in words which leads count as promoted, `leads` how many were looked at.

    `unmeasured` are protected fields without a value in the history.
    """

    chosen_by: str
    leads: int
    fields: tuple[FieldFairness, ...]
    unmeasured: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON; `exceeded` and `open` are sentences on the bounds of the card, `said` is all in one."""
        gaps = [gap for field in self.fields for gap in field.gaps]
        exceeded = [gap.said for gap in gaps if gap.verdict == "exceeded"]
        unclear = [gap.said for gap in gaps if gap.verdict == "open"]
        kept = sum(gap.verdict == "kept" for gap in gaps)
        parts = [*exceeded, *unclear]
        if kept:
            parts.append(f"{kept:,} of {kept + len(parts):,} bounds {'is' if kept == 1 else 'are'} kept")
        if self.unmeasured:
            parts.append(f"no lead has a value of {', '.join(self.unmeasured)}, so nothing could be measured there")
        for field in self.fields:
            if field.proxies:
                names = ", ".join(f"{proxy.name} ({proxy.explains:.0%})" for proxy in field.proxies)
                parts.append(f"{field.name} is foretold by {names}")
        return asdict(self) | {
            "fields": [asdict(field) for field in self.fields],
            "unmeasured": list(self.unmeasured),
            "exceeded": exceeded,
            "open": unclear,
            "said": "; ".join(parts) or "the card sets no bound, and no field foretells a protected one",
        }


def measure_fairness(
    protected: Mapping[str, pd.Series[Any]],
    frame: pd.DataFrame,
    probability: NDArray[np.float64],
    chosen: NDArray[np.bool_],
    chosen_by: str,
    won: NDArray[np.bool_],
    older: NDArray[np.intp],
    held: NDArray[np.intp],
    bounds: Fairness | None,
) -> tuple[FieldFairness, ...]:
    """Each protected field, by the held-out leads.

    Shapes: (n,) the values of each protected field by name, (n, fields) what was learned from, (n,) probabilities
    (0..1), whether each lead is promoted (`chosen_by` are the words for that), and outcomes; positions of the leads
    that were learned from, and of those to judge by.
    """
    bounds = bounds or Fairness()
    fields = []
    for name, values in protected.items():
        (bins,) = learn_bins([values.iloc[held]], MOST_STRETCHES, MOST_LEVELS, FEWEST_COMPARED)
        group_of = find_indexes([bins], [values])[:, 0]
        groups = tuple(
            measure_group(label, probability[at], chosen[at], won[at])
            for i, label in enumerate(bins.labels)
            if len(at := held[group_of[held] == i])
        )
        gaps = tuple(find_gaps(name, groups, bounds, chosen_by))
        proxies = find_proxies(frame.iloc[older], frame.iloc[held], group_of[older], group_of[held])
        fields.append(FieldFairness(name, groups, gaps, proxies))
    return tuple(fields)


def list_uses(card: Card) -> list[dict[str, Any]]:
    """The conditions that read protected fields, each with these fields and the reason that its author gives."""
    conditions: list[tuple[str, str, tuple[str, ...], str]] = [
        *(("criterion", item.name, item.met.fields, item.uses_protected) for item in card.criteria),
        *(("rule", item.name, fields_of_rule(item), item.uses_protected) for item in card.rules),
        *(("exclusion", item.name, item.when.fields, item.uses_protected) for item in card.exclude),
    ]
    return [
        {
            "kind": kind,
            "name": name,
            "fields": [read for read in asked if card.fields[read].protected],
            "reason": reason,
        }
        for kind, name, asked, reason in conditions
        if reason
    ]


def fields_of_rule(rule: Rule) -> tuple[str, ...]:
    """The fields that a rule reads, the date that it fades from among them."""
    return tuple(dict.fromkeys((*rule.when.fields, *((rule.half_life.of,) if rule.half_life else ()))))


def choose_best(totals: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which leads are the best fifth by their totals (n,), tenths; leads alike at its end are all in it."""
    cut = np.sort(totals)[-max(1, round(BEST_SHARE * len(totals)))]
    return np.asarray(totals >= cut)


def measure_group(
    group: str, probability: NDArray[np.float64], chosen: NDArray[np.bool_], won: NDArray[np.bool_]
) -> GroupMeasures:
    """The measures of the leads (n,) of one group, at least one."""
    leads, promoted, winners, hits = len(won), int(chosen.sum()), int(won.sum()), int((won & chosen).sum())
    return GroupMeasures(
        group,
        leads,
        promoted,
        winners,
        hits,
        promoted / leads,
        *rate_limits(promoted, leads),
        hits / promoted if promoted else None,
        *rate_limits(hits, promoted),
        hits / winners if winners else None,
        float(probability.mean()),
        winners / leads,
        *rate_limits(winners, leads),
        compared=leads >= FEWEST_COMPARED and group != MISSING,
    )


def find_gaps(field: str, groups: Sequence[GroupMeasures], bounds: Fairness, chosen_by: str) -> Iterator[Gap]:
    """The gaps between the groups of a field, in the order of the card's keys; none where there is no pair.

    `chosen_by` are the words for promoted leads.
    """
    compared = [group for group in groups if group.compared]
    promoting = [group for group in compared if group.chosen >= FEWEST_COMPARED]
    pairs = list(permutations(compared, 2))
    if pairs and any(group.chosen for group in compared):
        tail = (1 - GAP_CONFIDENCE) / len(pairs)  # an ordered pair is a pair and one of its two ends
        rated = [(*_ratio_of_shares(worse, better, tail), worse, better) for worse, better in pairs]
        yield _gap_in_rates(field, rated, bounds.rate_ratio, chosen_by)
    pairs = list(permutations(promoting, 2))
    if pairs:
        tail = (1 - GAP_CONFIDENCE) / len(pairs)
        apart = [(*_difference_in_precision(better, worse, tail), worse, better) for worse, better in pairs]
        yield _gap_in_precision(field, apart, bounds.precision_gap, chosen_by)
    if compared:
        off = []
        for group in compared:
            low, high = rate_limits(group.won, group.leads, 1 - (1 - GAP_CONFIDENCE) / len(compared))
            off.append((group.came - group.foreseen, low - group.foreseen, high - group.foreseen, group))
        yield _gap_in_calibration(field, off, bounds.calibration_gap)


# What is measured of a pair of groups, its limits, the group that is worse off, and the other.
ComparedPair: TypeAlias = tuple[float, float, float, GroupMeasures, GroupMeasures]


def _gap_in_rates(field: str, rated: Sequence[ComparedPair], bound: float | None, chosen_by: str) -> Gap:
    value, low, high, worse, better = min(rated, key=lambda pair: pair[0])
    verdict: Verdict = ""
    if bound is not None:
        # The pair whose limits lie lowest need not be the one with the lowest ratio: a small group has wide limits.
        lowest = min(rated, key=lambda pair: pair[2])
        if lowest[2] < bound:
            verdict, (value, low, high, worse, better) = "exceeded", lowest
        else:
            verdict = "kept" if min(pair[1] for pair in rated) >= bound else "open"
    said = (
        f"of {field} {worse.group}, {worse.rate:.1%} are {chosen_by}, of {better.group} {better.rate:.1%}: a ratio of"
        f" {value:.2f} ({_limits(low, high)}){_judged(verdict, 'below', bound)}"
    )
    top = None if math.isinf(high) else high
    return Gap("rate_ratio", worse.group, better.group, value, low, top, bound, verdict, said)


def _gap_in_precision(field: str, apart: Sequence[ComparedPair], bound: float | None, chosen_by: str) -> Gap:
    value, low, high, worse, better = max(apart, key=lambda pair: pair[0])
    verdict: Verdict = ""
    if bound is not None:
        widest = max(apart, key=lambda pair: pair[1])
        if widest[1] > bound:
            verdict, (value, low, high, worse, better) = "exceeded", widest
        else:
            verdict = "kept" if max(pair[2] for pair in apart) <= bound else "open"
    said = (
        f"of {field} {worse.group} {chosen_by}, {worse.precision or 0:.1%} were won, of {better.group}"
        f" {better.precision or 0:.1%}: {_number(value)} apart ({_limits(low, high)}){_judged(verdict, 'above', bound)}"
    )
    return Gap("precision_gap", worse.group, better.group, value, low, high, bound, verdict, said)


def _gap_in_calibration(
    field: str, off: Sequence[tuple[float, float, float, GroupMeasures]], bound: float | None
) -> Gap:
    value, low, high, group = max(off, key=lambda item: abs(item[0]))
    verdict: Verdict = ""
    if bound is not None:
        farthest = max(off, key=lambda item: max(item[1], -item[2]))
        if max(farthest[1], -farthest[2]) > bound:
            verdict, (value, low, high, group) = "exceeded", farthest
        else:
            verdict = "kept" if max(max(-item[1], item[2]) for item in off) <= bound else "open"
    said = (
        f"of {field} {group.group}, {group.foreseen:.1%} were predicted to be won and {group.came:.1%} were:"
        f" {_number(value)} ({_limits(low, high)}){_judged(verdict, 'farther off than', bound)}"
    )
    return Gap("calibration_gap", group.group, group.group, value, low, high, bound, verdict, said)


def _limits(low: float, high: float) -> str:
    return f"limits {_number(low)} to {'any' if math.isinf(high) else _number(high)}"


def _number(value: float) -> str:
    return f"{round(value, 2) + 0:.2f}".replace("-", "−")


def _judged(verdict: Verdict, beyond: str, bound: float | None) -> str:
    """What a gap means for a bound of the card, to end a sentence with."""
    words = {
        "exceeded": f", {beyond} the card's bound of {bound}",
        "kept": f", within the card's bound of {bound}",
        "open": f"; too few leads to tell whether the card's bound of {bound} is kept",
        "": "",
    }
    return words[verdict]


def wilson_limits(won: int, leads: int, tail: float) -> tuple[float, float]:
    """Wilson's limits (0..1) of a rate of `won` in `leads`, 1 or more; each end is missed with chance `tail`."""
    z = _normal_quantile(tail)
    middle, scale = won + z * z / 2, leads + z * z
    half = z * math.sqrt(won * (leads - won) / leads + z * z / 4)
    low = 0.0 if won == 0 else (middle - half) / scale
    return low, 1.0 if won == leads else (middle + half) / scale


@cache
def _normal_quantile(tail: float) -> float:
    """The normal deviate that is exceeded with chance `tail`."""
    return float(norm.isf(tail))


def _ratio_of_shares(worse: GroupMeasures, better: GroupMeasures, tail: float) -> tuple[float, float, float]:
    """The ratio of two promoted shares, and its limits (MOVER-R); a ratio to nothing has no upper limit."""
    p, q = worse.rate, better.rate
    p_low, p_high = wilson_limits(worse.chosen, worse.leads, tail)
    q_low, q_high = wilson_limits(better.chosen, better.leads, tail)
    both = p * q
    root = math.sqrt(max(0.0, both**2 - p_low * q_high * (2 * p - p_low) * (2 * q - q_high)))
    # Their formula with the root below the line, where nothing can be 0 but by a share of 0.
    low = p_low * (2 * p - p_low) / (both + root) if both + root > 0 else 0.0
    if q == 0:
        return math.inf, low, math.inf
    root = math.sqrt(max(0.0, both**2 - p_high * q_low * (2 * p - p_high) * (2 * q - q_low)))
    return p / q, low, (both + root) / (q_low * (2 * q - q_low))


def _difference_in_precision(better: GroupMeasures, worse: GroupMeasures, tail: float) -> tuple[float, float, float]:
    """The difference of two precisions, and its limits (Newcombe)."""
    p, q = better.won_of_chosen / better.chosen, worse.won_of_chosen / worse.chosen
    p_low, p_high = wilson_limits(better.won_of_chosen, better.chosen, tail)
    q_low, q_high = wilson_limits(worse.won_of_chosen, worse.chosen, tail)
    return p - q, p - q - math.hypot(p - p_low, q_high - q), p - q + math.hypot(p_high - p, q - q_low)


def find_proxies(
    older: pd.DataFrame, held: pd.DataFrame, group_older: NDArray[np.int64], group_held: NDArray[np.int64]
) -> tuple[Proxy, ...]:
    """The fields that foretell the groups, the strongest first.

    Shapes: (m, fields) and (n, fields) with the same columns, (m,) and (n,) groups, 0 for a missing one: such leads are
    left out. Each field alone is learned on the older leads and judged by the held-out ones.
    """
    if not older.shape[1]:
        return ()
    older, held = older[group_older > 0], held[group_held > 0]
    known_older, known_held = group_older[group_older > 0], group_held[group_held > 0]
    size = int(max(known_older.max(initial=0), known_held.max(initial=0))) + 1
    if len(known_held) < FEWEST_COMPARED or len(known_older) < FEWEST_COMPARED or len(np.unique(known_held)) < 2:
        return ()
    share = (np.bincount(known_older, minlength=size) + 0.5) / (len(known_older) + 0.5 * size)
    loss_without = -np.log(share[known_held])
    without = float(np.mean(known_held == np.argmax(share)))
    columns_older, columns_held = ([frame[name] for name in frame] for frame in (older, held))
    bins = learn_bins(columns_older, PROXY_BINS, PROXY_LEVELS, PROXY_COUNT)
    at_older, at_held = find_indexes(bins, columns_older), find_indexes(bins, columns_held)
    proxies = []
    for place, name in enumerate(older):
        cells = np.bincount(at_older[:, place] * size + known_older, minlength=len(bins[place]) * size)
        counts = cells.reshape(-1, size) + PRIOR_LEADS * share
        chances = counts / counts.sum(axis=1, keepdims=True)
        spared = loss_without + np.log(chances[at_held[:, place], known_held])
        entropy = float(loss_without.mean())
        explains = float(spared.mean()) / entropy
        half = float(norm.isf(0.025) * spared.std() / math.sqrt(len(spared))) / entropy
        guessed = float(np.mean(chances.argmax(axis=1)[at_held[:, place]] == known_held))
        if explains >= PROXY_SHARE and explains - half > 0:
            proxies.append(Proxy(str(name), explains, explains - half, explains + half, guessed, without))
    return tuple(sorted(proxies, key=lambda proxy: (-proxy.explains, proxy.name)))

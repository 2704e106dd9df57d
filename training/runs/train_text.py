"""A training run in plain text, for the command line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from leadledger.scoring.result import format_unsigned
from leadledger.scoring.scorecard import Learned
from leadledger.training.history import History
from leadledger.training.runs.landmark_text import landmark_lines
from leadledger.training.sources.logged import LEFT_OUT_REASONS

NAMES = {"leadledger": "this release"}
LEFT_OUT_OF_A_STEP = {
    "rejected": "can't be read",
    "no_date": "made it and have no day on which they began it",
    "future": "began it in the future",
    "past": "began it on a placeholder for a day, or long before all others",
    "repeated": "are further rows of a lead",
    "before": "made it before they began it",
    "immature": "are too young to judge",
    "closed": "made it on the day they began it",
}
SCORED_ONCE = "A lead that is scored again until it passes isn't covered: docs/training.md says what covers it."


class Trained(Protocol):
    """What is printed of a training run."""

    @property
    def learned(self) -> Learned:
        """The learned part."""

    @property
    def metrics(self) -> Mapping[str, Any]:
        """The measures, as in metrics.json."""

    @property
    def history(self) -> History | None:
        """The leads that were learned from."""

    @property
    def rules_only(self) -> str:
        """Why nothing was learned; empty where something was."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for people."""

    @property
    def held_back(self) -> str:
        """Why it should not become the current release."""

    @property
    def unfair(self) -> str:
        """Which bounds of the card's fairness it exceeds."""


def training_text(
    training: Trained, release: str, current: bool, width: int = 80, *, draft: bool = False, sign_off: str = ""
) -> str:
    """The verdict, where the leads went, and the measures beside those of the baselines.

    `current`: whether it became the current release; `draft`: whether it was not to. `sign_off` is why it may exceed
    the card's bounds of fairness, where somebody said so.
    """
    return "\n".join([*_fate(training, release, current, width, draft, sign_off), *_lines(training, width)])


def summary_text(training: Trained, width: int = 80) -> str:
    """Where the leads went, and the measures beside those of the baselines; nothing of a release."""
    return "\n".join(_lines(training, width))


def _fate(training: Trained, release: str, current: bool, width: int, draft: bool, sign_off: str) -> Iterator[str]:
    """Whether it is the current release, how it compares with the one before, and whether it was signed off."""
    if current:
        yield f"Release {release} is made, and is the current one."
    elif draft:
        yield f"Release {release} is made, as a draft; `leadledger releases use {release}` makes it current."
    else:
        yield from textwrap.wrap(f"Release {release} is made, and held back: {training.held_back}.", width)
        if training.unfair and not sign_off:
            words = (
                'To make it current, say why it may be: train again with --sign-off "the reason", which stays in it.'
            )
            yield from textwrap.wrap(words, width)
        else:
            yield f"`leadledger releases use {release}` makes it current all the same."
    upkeep = training.metrics.get("current_upkeep")
    if not current and upkeep and upkeep["advice"]:
        yield from textwrap.wrap(f"Until then release {upkeep['release']} stays current. {upkeep['said']}", width)
    if sign_off:
        exceeded = f"It exceeds a bound of the card's fairness, and was signed off: {sign_off}"
        yield from textwrap.wrap(exceeded if training.unfair else "Nothing had to be signed off.", width)
    if training.metrics.get("comparison") and (current or draft):
        yield from textwrap.wrap(f"It is {training.metrics['comparison']['said']}.", width)
    yield ""


def _lines(training: Trained, width: int) -> Iterator[str]:
    if training.rules_only:
        yield from textwrap.wrap(f"Rules alone, nothing was learned: {training.rules_only}.", width)
        yield "Points count as declared."
    if training.metrics.get("log"):
        yield from _of_the_log(training.metrics["log"], width)
    if training.history is not None:
        yield from _counts(training, width)
    for sentence in training.metrics.get("exploration", {}).get("said", ()):
        yield from textwrap.wrap(sentence, width, subsequent_indent="  ")
    for note in training.notes:
        yield from textwrap.wrap(note, width, subsequent_indent="  ")
    if training.rules_only:
        return
    metrics = training.metrics
    yield ""
    yield from textwrap.wrap(f"{metrics['verdict']['said']}.", width, subsequent_indent="  ")
    yield ""
    held = metrics["held_out"]["leadledger"]
    way = "the newest" if metrics["split"] == "time" else "each in turn"
    yield from textwrap.wrap(
        f"Judged by {held['leads']:,} held-out leads ({way}), {held['won']:,} of them opportunities: by models of the"
        " same recipe that had not seen them. What is released has learned from all leads.",
        width,
    )
    yield ""
    yield f"{'':<24}{'AUC':>8}{'log-loss':>11}{'Brier':>9}{'top tenth finds':>18}"
    for name, quality in metrics["held_out"].items():
        auc = "–" if quality["auc"] is None else f"{quality['auc']:.4f}"
        gain = "–" if quality["gain"] is None else f"{quality['gain']:.1%}"
        yield f"{NAMES.get(name, name):<24}{auc:>8}{quality['log_loss']:>11.4f}{quality['brier']:>9.4f}{gain:>18}"
    yield ""
    if held["slope"] is not None:
        yield f"Calibration slope {held['slope']:.2f} (1 is perfect)."
    if "seeds" in metrics:
        yield from textwrap.wrap(metrics["seeds"]["said"], width)
    if training.learned.percentiles:
        half, most = (format_unsigned(training.learned.percentiles[place - 1]) for place in (50, 90))
        places = f"From {half} points a lead is better than half of these leads, from {most} better than nine in ten."
        yield from textwrap.wrap(places, width)
    yield from textwrap.wrap(
        f"Declared points count {training.learned.trust:.0%}, the learned tables {metrics['model_weight']:.0%}."
        f" Rounding to tenths and merging rows that hardly differ moved a score by"
        f" {metrics['rounding_gap']['mean_points']:.2f} points on average,"
        f" {metrics['rounding_gap']['largest_points']:.2f} at most. {_describe_rows(metrics)}",
        width,
    )
    for stage, promise in metrics["promises"].items():
        start = f"from {promise['line']:.1f} points; " if promise["line"] is not None else ""
        yield from textwrap.wrap(f"Promotion to {stage}: {start}{promise['said']}.", width, subsequent_indent="  ")
    if any(promise.get("asked_precision") and promise["line"] is not None for promise in metrics["promises"].values()):
        yield from textwrap.wrap(SCORED_ONCE, width, subsequent_indent="  ")
    yield from landmark_lines(metrics.get("landmarks", {}), width)
    yield from _steps(metrics.get("steps", {}), width)
    yield from _findings(metrics, width)


def _steps(steps: Mapping[str, Any], width: int) -> Iterator[str]:
    """The steps up to a sale: their leads and rates, and the forecast of each beside its base rate."""
    if not steps:
        return
    yield ""
    yield from textwrap.wrap("The steps up to a sale, each judged by held-out leads that began it:", width)
    yield f"{'':<16}{'leads':>8}{'rate (95%)':>20}{'log-loss':>11}{'base rate':>11}{'slope':>8}"
    for stage, step in steps.items():
        low, high = step["rate_limits"]
        rate = "–" if step["rate"] is None else f"{step['rate']:.1%} ({low:.0%} to {high:.0%})"
        held = step.get("held_out") or {}
        losses = [f"{held[name]:.4f}" if held else "–" for name in ("log_loss", "base_log_loss")]
        slope = "–" if held.get("slope") is None else f"{held['slope']:.2f}"
        yield f"{stage:<16}{step['leads']:>8,}{rate:>20}{losses[0]:>11}{losses[1]:>11}{slope:>8}"
    for stage, step in steps.items():
        left = [f"{count:,} {LEFT_OUT_OF_A_STEP[reason]}" for reason, count in step["left_out"].items() if count]
        sentence = f"Left out of the step to {stage}: {', '.join(left)}." if left else ""
        if step["rate_alone"]:
            known = "no chance is known" if step["base_rate"] is None else "the base rate alone counts"
            sentence = f"Of the step to {stage} {known}: {step['rate_alone']}. {sentence}".rstrip()
        if sentence:
            yield from textwrap.wrap(sentence, width, subsequent_indent="  ")


def _describe_rows(metrics: Mapping[str, Any]) -> str:
    """How much a person reads to know all that was learned."""
    rows = metrics["rows_to_read"]
    parts = [f"{rows['tables']:,} rows of tables"]
    parts += [f"{rows['pairs']:,} cells of pairs"] if rows["pairs"] else []
    parts += [f"{rows['combinations']:,} leaves of combinations"] if rows["combinations"] else []
    return f"What was learned has {', '.join(parts)} to read."


def _findings(metrics: Mapping[str, Any], width: int) -> Iterator[str]:
    """The findings of the audit, the maturity curve and the drift; nothing where all is well."""
    odd = [rule for rule in metrics["audit"]["rules"] if rule["finding"]]
    if odd:
        yield ""
        yield "Rules to look at:"
        for rule in odd:
            words = f"{rule['name']}, {rule['finding'].replace('_', ' ')}: {rule['said']}"
            yield from textwrap.wrap(words, width, initial_indent="  ", subsequent_indent="    ")
    sentences = [f"Horizon: {metrics['maturity']['said']}." if metrics.get("maturity") else ""]
    if "drift" in metrics:
        sentences.append(f"Drift: {metrics['drift']['said']}.")
    if "segments" in metrics:
        sentences.append(f"Segments: {metrics['segments']['said']}.")
    if "axes" in metrics:
        sentences.append(f"Axes: {metrics['axes']['said']}.")
    if "fairness" in metrics:
        sentences.append(f"Fairness, {metrics['fairness']['chosen_by']}: {metrics['fairness']['said']}.")
        sentences += [
            f"The {use['kind']} {use['name']} reads {' and '.join(use['fields'])}, because: {use['reason']}"
            for use in metrics["fairness"]["uses"]
        ]
    sentences += [
        f"{suspect['field']} may {'be filled in' if suspect['kind'] == 'fills' else 'count on'} after the lead's day."
        f" {suspect['proof']} {suspect['mend']}"
        for suspect in metrics["leakage"].get("suspected", ())
    ]
    overruled = [suspect["field"] for suspect in metrics["leakage"]["overruled"]]
    if overruled:
        sentences.append(
            f"Fields that look as if they knew the outcome, for which the card vouches: {', '.join(overruled)}."
        )
    for sentence in filter(None, sentences):
        yield from textwrap.wrap(sentence, width, subsequent_indent="  ")


def _of_the_log(log: Mapping[str, Any], width: int) -> Iterator[str]:
    """Where the scores, values and outcomes of the log went."""
    noted, unscored = log["outcomes"], log["unscored"]
    sentences = [
        f"The log has {log['scores']:,} scores, from {log['oldest_score']} to {log['newest_score']}. Training learns"
        " from the first score of each lead, as the lead was known then.",
        f"It has {noted:,} outcomes: {log['reached']:,} leads reached the stage {log['stage']}.",
    ]
    if unscored:
        sentences[1] += f" {unscored:,} of them have no score to learn from."
    left = [f"{count:,} {LEFT_OUT_REASONS[why]}" for why, count in log["left_out"].items() if count]
    if left:
        sentences.append(f"Scores left out: {', '.join(left)}.")
    values = [f"{count:,} of {name}" for name, count in log["values_left_out"].items()]
    if values:
        sentences.append(
            f"Values left out, which the card has no field for or reads differently now: {', '.join(values)}."
        )
    for sentence in sentences:
        yield from textwrap.wrap(sentence, width)


def _counts(training: Trained, width: int) -> Iterator[str]:
    assert training.history is not None
    counts = training.history.counts
    rate = f" ({counts.won / counts.used:.1%})" if counts.used else ""
    yield f"{counts.rows:,} rows: {counts.used:,} leads to learn from, {counts.won:,} became opportunities{rate}."
    left = [
        (counts.rejected, "can't be read"),
        (counts.no_outcome, "have no outcome"),
        (counts.no_date, "have no date"),
        (counts.no_order, "have no place in the order"),
        (counts.future, "have a day in the future"),
        (counts.past, "have a placeholder for a day, or a day long before all others"),
        (counts.repeated, "are further rows of a lead"),
        (counts.before, "became one before they were met"),
        (counts.immature, "are too young to judge"),
        (counts.closed, "became opportunities on the day they were met"),
        (counts.unpromoted, "were not promoted"),
        (counts.unexplored, "have no known propensity"),
    ]
    reasons = [f"{number:,} {why}" for number, why in left if number]
    if reasons:
        yield from textwrap.wrap(f"Left out: {', '.join(reasons)}.", width)
    for reject in training.history.rejects[:3]:
        yield from textwrap.wrap(
            f"  row {reject.row}: {reject.column or 'the row'}: {reject.reason}", width, subsequent_indent="    "
        )

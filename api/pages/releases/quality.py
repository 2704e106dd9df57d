"""How good a release is, in plain words first and in measures second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leadledger.api.pages.releases.measures import Measures
from leadledger.api.wording.figures import NO_BREAK_SPACE, word_chance, word_count, word_number
from leadledger.api.wording.recommendations import word_stage

RULES_ALONE = "Rules alone: nothing was learned, so nothing is promised"
NOT_MEASURED = "Nothing was measured"


@dataclass(frozen=True)
class ReleaseQuality:
    """What can be expected of a release.

    `headline` says whether to rely on it, `promises` what it promises for each stage, `doubts` what speaks against it.
    `measures` are names and figures for those who know them.
    """

    headline: str
    promises: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    measures: tuple[tuple[str, str], ...] = ()


def word_quality(metrics: Measures) -> ReleaseQuality:
    """The quality of a release, by its metrics."""
    said, verdict = metrics.text("said"), metrics.at("verdict")
    held_out = metrics.at("held_out", "leadledger")
    if metrics.text("recalibrated_from"):
        headline = f"The release {metrics.text('recalibrated_from')}, with the rate of newer leads"
        held_out = metrics.at("held_out", "after")
    elif said:  # edited since it was measured
        headline = said
    elif not metrics:
        headline = RULES_ALONE
    else:
        headline = verdict.text("said").partition(":")[0] or NOT_MEASURED
    promises = metrics.items("promises")
    return ReleaseQuality(
        write_sentence(headline),
        tuple(_word_promise(stage if len(promises) > 1 else "", promise) for stage, promise in promises),
        tuple(map(_word_proof, (promise for _, promise in promises))),
        tuple(write_sentence(doubt.text("said")) for doubt in verdict.records("doubts")),
        tuple(_name_measures(metrics, held_out)),
    )


def _word_promise(stage: str, promise: Measures) -> str:
    """What is promised of those that are promoted to a stage, which is named unless it is the only one."""
    subject = f"{word_stage(stage)}: " if stage else ""
    points, asked = promise.number("line"), promise.number("asked_precision")
    if points is not None and asked is not None and promise.text("kind") == "precision":
        sure = promise.number("confidence")
        confidence = f", with {word_chance(sure)} confidence" if sure is not None else ""
        return f"{subject}At least {word_chance(asked)} of the calls come true{confidence}"
    if points is not None:
        return f"{subject}Call from {write_points(points)} points"
    return f"{subject}No threshold holds a promise: call the best leads first"


def _word_proof(promise: Measures) -> str:
    """What a promise rests on: of a sentence that repeats the promise, what follows it."""
    said = promise.text("said")
    repeated, _, proof = said.partition(": ")
    return write_sentence(proof if repeated.startswith("at least ") and proof else said)


def _name_measures(metrics: Measures, held_out: Measures) -> Iterator[tuple[str, str]]:
    leads, won = held_out.number("leads"), held_out.number("won")
    if leads is not None:
        came = f", {word_count(int(won))} of which became one" if won is not None else ""
        yield "Judged by", f"{word_count(int(leads))} leads that it had not seen{came}"
    for share, words in ((0.1, "The best tenth"), (0.3, "The best three tenths")):
        lift = next((row for row in metrics.records("lift") if abs((row.number("share") or 0) - share) < 1e-9), None)
        found = None if lift is None else lift.number("found")
        if found is not None:
            yield words, f"holds {word_chance(found)} of all opportunities"
    for key, words in (("log_loss", "Log-loss, lower is better"), ("auc", "AUC, 0.5 is chance"), ("brier", "Brier")):
        number = held_out.number(key)
        if number is not None:
            yield words, f"{number:.4f}"
    slope = held_out.number("slope")
    if slope is not None:
        yield "Calibration slope, 1 is perfect", f"{slope:.2f}"


def write_points(points: float) -> str:
    """Points as they are written down, with one decimal."""
    return f"{points:,.1f}".replace("-", "−")


def write_percent(rate: float) -> str:
    """A rate (0..1) with one decimal where it is small: `0.3 %`, `55 %`."""
    percent = rate * 100
    digits = f"{percent:.1f}" if 0 < percent < 10 else f"{percent:.0f}"
    return f"{digits}{NO_BREAK_SPACE}%"


def write_number(value: float) -> str:
    """A number of the metrics, such as leads, which may be weighted."""
    return word_number(round(value, 1))


def write_sentence(text: str) -> str:
    """A text of the metrics as a sentence: with a capital letter and its stop."""
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."

"""How a lead stands: its chance, grade and place, what answers can still make of it, and what will become of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from leadledger.api.wording.figures import NO_BREAK_SPACE, word_chance, word_count
from leadledger.api.wording.recommendations import find_facts, word_advice, word_stage
from leadledger.scoring.advice import word_day
from leadledger.scoring.axis import UNKNOWN_GRADE
from leadledger.scoring.engine.forecast import ForecastChange, LeadForecast
from leadledger.scoring.probability import compute_probability
from leadledger.scoring.result import Result, format_unsigned
from leadledger.scoring.scorecard import Scorecard

MOST_TENTHS = 1000  # at which a drawing of points ends, unless a lead has more
ROOM = 30  # per cent of the line that words need
STANDARD_ERRORS = 2  # either way, of which 19 of 20 leads are within


@dataclass(frozen=True)
class ChanceScale:
    """The chance of a lead on a line from 0 to 100 %, or its points where no chance is known; places are per cent.

    `band_x` and `band_width` are what answers can make of it; empty: nothing is left to ask. `threshold` is empty where
    points don't decide. `low` and `high` name the ends of the line, where the words of the threshold leave room for it.
    `is_late` and `is_far` say that the lead, and the threshold, stand so far to the right that their words go to the
    left.
    """

    now: str
    now_words: str
    band_x: str
    band_width: str
    band_words: str
    threshold: str
    threshold_words: str
    low: str
    high: str
    is_late: bool
    is_far: bool


@dataclass(frozen=True)
class Standing:
    """What a lead's page says first.

    `chance` is empty where no base rate is known; `points` are there always. `chance_of` says what it is the chance of.
    `axes` says what the grades of the axes are, and may be empty; `place` is that among all known leads. `error` says
    how sure the chance is; empty: not known.
    """

    chance: str
    chance_of: str
    points: str
    grade: str
    axis_grades: str
    axes: str
    place: str
    place_of: str
    error: str
    scale: ChanceScale


def describe_standing(result: Result, card: Scorecard, place: int, leads: int) -> Standing:
    """How a lead stands by its last result, and at which place of how many known leads."""
    return Standing(
        chance=word_chance(result.probability),
        chance_of=_word_chance_of(card),
        points=format_unsigned(result.tenths),
        grade=result.grade,
        axis_grades=result.axis_grades,
        axes=", ".join(
            f"{score.axis} {'not known yet' if score.grade == UNKNOWN_GRADE else score.grade}" for score in result.axes
        ),
        place=word_ordinal(place),
        place_of=_word_place_of(result.percentile, leads),
        error=_word_error(result, card),
        scale=_draw_scale(result, card),
    )


def _word_chance_of(card: Scorecard) -> str:
    stage, outcome = card.card.predicted_stage, card.card.outcome
    goal = f" to become {_with_article(word_stage(stage.name))}" if stage is not None else ""
    within = f" within {outcome.within} days" if outcome is not None and outcome.within else ""
    return f"chance{goal}{within}"


def _with_article(words: str) -> str:
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


def word_ordinal(number: int) -> str:
    """A place: `1st`, `22nd`, `1,013th`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{word_count(number)}{ending}"


def _word_place_of(percentile: int | None, leads: int) -> str:
    of = f"of {word_count(leads)} known lead{'' if leads == 1 else 's'}"
    return of if percentile is None else f"{of}, better than {percentile}{NO_BREAK_SPACE}%"


def _word_error(result: Result, card: Scorecard) -> str:
    if result.error is None:
        return ""
    ends = [result.tenths + sign * STANDARD_ERRORS * result.error for sign in (-1, 1)]
    if result.probability is None:
        return " to ".join(map(format_unsigned, ends)) + " points"
    low, high = (word_chance(compute_probability(card.learned.base_rate, end)) for end in ends)
    return f"{low.removesuffix(f'{NO_BREAK_SPACE}%')} to {high}"


def _draw_scale(result: Result, card: Scorecard) -> ChanceScale:
    rate, threshold = card.learned.base_rate, result.recommendation.threshold
    has_chance = result.probability is not None
    least, most = min(0, result.low), max(MOST_TENTHS, result.high)

    def share(tenths: int) -> float:
        """Where so many points stand, 0..100."""
        if has_chance:
            return 100 * (compute_probability(rate, tenths) or 0.0)
        return 100 * (tenths - least) / (most - least)

    def word(tenths: int) -> str:
        return word_chance(compute_probability(rate, tenths)) if has_chance else format_unsigned(tenths)

    def place(tenths: int) -> str:
        return f"{share(tenths):.2f}%"

    def word_end(tenths: int, percent: str) -> str:
        return percent if has_chance else format_unsigned(tenths)

    middle = None if threshold is None else share(threshold)
    is_open = word(result.low) != word(result.high)
    band = share(result.high) - share(result.low)
    return ChanceScale(
        now=place(result.tenths),
        now_words=word(result.tenths),
        band_x=place(result.low) if is_open else "",
        band_width=f"{band:.2f}%" if is_open else "",
        band_words=f"{_strip_sign(word(result.low))} to {word(result.high)}" if is_open else "",
        threshold="" if threshold is None else place(threshold),
        threshold_words="" if threshold is None else word(threshold),
        low="" if middle is not None and middle < ROOM else word_end(least, f"0{NO_BREAK_SPACE}%"),
        high="" if middle is not None and middle > 100 - ROOM else word_end(most, f"100{NO_BREAK_SPACE}%"),
        is_late=share(result.tenths) > 50,
        is_far=middle is not None and middle > 50,
    )


def _strip_sign(chance: str) -> str:
    return chance.removesuffix(f"{NO_BREAK_SPACE}%")


# -- what will become of it --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outlook:
    """What becomes of a lead if nothing happens: a sentence in three parts, the middle one, a day, to be stressed.

    `back_on` is the day from which it is to be called, or asked, again; None: none is foreseen.
    """

    before: str
    day: str
    after: str
    back_on: date | None


def describe_outlook(forecast: LeadForecast, card: Scorecard) -> Outlook:
    """The first change that time alone brings."""
    change = forecast.recommendation
    if change is None:
        last = forecast.now.as_of + timedelta(days=forecast.days)
        words = f"If nothing happens, this advice stays as it is until {word_day(last, forecast.now.as_of)} at least."
        return Outlook(words, "", "", None)
    now, then = forecast.now, change.result
    back_on = change.on if then.recommendation.verdict in ("promote", "ask") else None
    day = word_day(change.on, now.as_of)
    return Outlook(f"If nothing happens, {_word_change(now, then)} on ", day, _word_after(change, card), back_on)


def _word_change(now: Result, then: Result) -> str:
    threshold = now.recommendation.threshold
    if threshold is not None and threshold == then.recommendation.threshold:
        if now.tenths >= threshold > then.tenths:
            return "it leaves the threshold"
        if now.tenths < threshold <= then.tenths:
            return "it reaches the threshold"
    return "the advice changes"


def _word_after(change: ForecastChange, card: Scorecard) -> str:
    then = word_advice(find_facts(card, change.result), change.on)
    return f": {then.action[:1].lower() + then.action[1:]}."

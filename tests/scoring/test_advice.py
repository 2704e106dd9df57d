"""Advice over time: the cases of tests/cases/advice.yaml in Python and DuckDB, and walks from look to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.advice import Advice, advise, word_day
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import explain, get_engine, score
from leadledger.scoring.gate import CoolDown, Gate, Hold, Threshold, decide
from leadledger.scoring.memory import MEMORY_KINDS, Memory, fill_memory, memory_of
from leadledger.scoring.outputs import VERDICTS, Verdict
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.text import card_text
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import build_untrained
from tests.effort import examples

CASES = yaml.load((Path(__file__).parents[1] / "cases" / "advice.yaml").read_text("utf-8"), yaml.BaseLoader)
CARD = build_untrained(parse_card(CASES["card"]))
DAY = date(2026, 3, 16)
POINTS = {"40": "at_40", "55": "at_55", "80": "at_80"}


def make_lead(case: dict[str, Any]) -> dict[str, Any]:
    """The raw lead of a case, with what is remembered of it."""
    lead = {"need": "yes", "open": "no", "owes": "no", **dict.fromkeys(POINTS.values(), "no"), **case["lead"]}
    lead[POINTS[lead.pop("points")]] = "yes"
    memory = dict(zip(MEMORY_KINDS, [*case.get("memory", ["none"] * 4), case.get("rejected", "none")], strict=True))
    return {name: None if value in ("", "none") else value for name, value in (lead | memory).items()}


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["why"])
def test_cases(case: dict[str, Any]) -> None:
    """The verdict, its days and its first reason are those of the case."""
    result = score(CARD, make_lead(case), DAY)
    assert (result.recommendation.verdict, str(result.recommended_since), str(result.below_since or "")) == (
        *(case["verdict"], case.get("since", DAY.isoformat()), case.get("below", "")),
    )
    assert case.get("reason") in (None, result.recommendation.reasons[0])


def test_cases_in_sql() -> None:
    """DuckDB says the same of every case."""
    leads = [make_lead(case) for case in CASES["cases"]]
    names = [field.name for field in CARD.card.plain_fields]
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE leads (row INTEGER, {', '.join(f'{name} VARCHAR' for name in names)})")
        rows = [[i, *(lead.get(name) for name in names)] for i, lead in enumerate(leads)]
        connection.executemany(f"INSERT INTO leads VALUES ({', '.join('?' * (len(names) + 1))})", rows)
        query = sql.to_sql(CARD, DAY, columns={"row": "INTEGER", **dict.fromkeys(names, "VARCHAR")}, keep=["row"])
        selected = "SELECT recommendation, recommended_since, below_since FROM"
        printed = connection.execute(f"{selected} ({query}) ORDER BY row").fetchall()
    assert printed == [_days_of(score(CARD, lead, DAY)) for lead in leads]


def _days_of(result: Result) -> tuple[str, date | None, date | None]:
    return result.recommendation.verdict, result.recommended_since, result.below_since


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["why"])
def test_a_second_look_on_a_day_says_the_same(case: dict[str, Any]) -> None:
    """What is answered is remembered, and the next look on the day gives the same answer, word for word."""
    lead = make_lead(case)
    first = score(CARD, lead, DAY)
    memory = memory_of(first)
    names = ("last_recommendation", "recommended_to", "recommended_since", "below_since")
    second = score(
        CARD,
        lead | dict(zip(names, (memory.recommendation, memory.to, memory.since, memory.below_since), strict=True)),
        DAY,
    )
    assert second == first


def test_a_card_without_memory_answers_as_before() -> None:
    """Without `hold` and `cool_down`, a result has no days, and the fields are none of the card."""
    text = CASES["card"].replace(", hold: {band: 8, days: 14}, cool_down: {days: 30, unless: answered_on}", "")
    card = build_untrained(parse_card(text.replace(", cool_down: 10 days", "")))
    result = score(card, {"need": "yes", "at_55": "yes", "open": "no", "last_recommendation": "promote"}, DAY)
    assert (result.recommendation.verdict, result.ignored) == ("nurture", ("last_recommendation",))
    assert not {"recommended_since", "below_since"} & result.to_dict().keys()
    assert card.score_columns == CARD.score_columns[:-2]


def test_a_picture_of_the_advice() -> None:
    """The picture of a score says since when its advice has stood, that of a card how a stage remembers."""
    lead = {"need": "yes", "at_40": "yes", "last_recommendation": "promote", "recommended_since": "2026-03-01"}
    assert "\nSince 2026-03-01; below the band since 2026-03-16\n" in explain(CARD, lead, DAY)
    assert "\nSince 2026-03-16\n" in explain(CARD, {}, DAY)
    words = " ".join(card_text(CARD).split())
    assert (
        "lead: a need, 60.0 points; a promotion is kept down to 8.0 points less, and for 14 days below that; not"
        " recommended for 30 days after sales rejected it, unless answered_on is later"
    ) in words
    assert "opportunity: 50.0 points; not recommended for 10 days after sales rejected it" in words


@pytest.mark.parametrize(
    ("day", "words"), [(date(2026, 11, 3), "3 November"), (date(2025, 1, 31), "31 January 2025"), (DAY, "16 March")]
)
def test_days_in_words(day: date, words: str) -> None:
    """A day of another year has its year."""
    assert word_day(day, DAY) == words


def test_a_lead_that_is_drawn_is_no_promotion_to_hold() -> None:
    """A draw promotes whatever is remembered; a lead that is kept has the propensity 1, one that cools down 0."""
    text = CASES["card"].replace("fields:\n", "fields:\n  lead_id: {kind: id}\n")
    card = build_untrained(parse_card(text.replace("hold: {band: 8", "explore: 10 %, hold: {band: 8")))
    lead = {"need": "yes", "open": "no", "at_40": "yes"}
    first = {str(i): score(card, {**lead, "lead_id": str(i)}, DAY) for i in range(99)}
    drawn = next(lead_id for lead_id, result in first.items() if result.recommendation.verdict == "promote")
    other = next(lead_id for lead_id, result in first.items() if result.recommendation.verdict == "nurture")
    long_ago = {"last_recommendation": "promote", "recommended_since": "2026-01-01", "below_since": "2026-01-02"}
    for lead_id, memory, verdict, propensity, reason in (
        (drawn, {}, "promote", 0.1, "Chosen at random"),
        (drawn, long_ago, "promote", 0.1, "Chosen at random"),
        (other, long_ago, "demote", 0.1, "40.0 points"),
        (other, {**long_ago, "below_since": None}, "promote", 1.0, "40.0 points"),
        (drawn, {"rejected_on": "2026-03-10"}, "nurture", 0.0, "Sales rejected it"),
        (other, {"rejected_on": "2026-03-10"}, "nurture", 0.0, "Sales rejected it"),
    ):
        result = score(card, {**lead, "lead_id": lead_id, **memory}, DAY)
        assert (result.recommendation.verdict, result.propensity) == (verdict, propensity)
        assert result.recommendation.reasons[0].startswith(reason)


def test_the_end_of_days() -> None:
    """On the last days that there are, a cool-down and a hold end on the last."""
    lead = {"need": "yes", "at_40": "yes", "last_recommendation": "promote"}
    last = date.max
    assert score(CARD, lead, last).recommendation.reasons[0].endswith("ends the promotion on 31 December")
    rejected = {"need": "yes", "at_80": "yes", "rejected_on": "9999-12-30"}
    assert score(CARD, rejected, last).recommendation.reasons[0].endswith("it cools down until 31 December")


# -- walks -------------------------------------------------------------------------------------------------------------

BAND, DAYS, COOL, LINE = 80, 14, 30, 600
GATE = Gate("contact", "lead", (0,), Threshold(LINE), None, Hold(BAND, DAYS), CoolDown(COOL, "answered_on"))


@dataclass(frozen=True)
class Look:
    """One look at a lead: days after the one before, and what the lead is by then."""

    after: int
    total: int
    criterion: bool | None
    excluded: bool
    more: int  # tenths that answers could bring


LOOKS = st.lists(
    st.builds(
        Look,
        st.sampled_from([0, 0, 1, 1, 2, 5, 13, 14, 15, 40]),
        st.sampled_from([450, 519, 520, 521, 599, 600, 601, 700]) | st.integers(400, 700),
        st.sampled_from([True, True, True, True, None, False]),
        st.sampled_from([False] * 9 + [True]),
        st.sampled_from([0, 0, 100]),
    ),
    min_size=1,
    max_size=25,
)


def walk(looks: Sequence[Look], start: date = date(2026, 1, 1)) -> list[tuple[date, Look, Verdict, Advice]]:
    """What is advised at each look, where the one before is all that is remembered."""
    memory, day, walked = Memory(), start, []
    for look in looks:
        day += timedelta(days=look.after)
        plain = decide(GATE, [look.criterion], look.excluded, look.total, look.total + look.more)
        to = "contact" if plain == "disqualify" else "lead"
        advice = advise(plain, GATE, to, [look.criterion], look.total, memory, day)
        memory = Memory(advice.verdict, to, advice.since, advice.below_since)
        walked.append((day, look, plain, advice))
    return walked


def model(walked: Sequence[tuple[date, Look, Verdict, Advice]]) -> list[str]:
    """The verdicts of a walk from all that had been until then, in the plainest way: no memory, the whole history."""
    verdicts: list[str] = []
    for now, (day, look, plain, _) in enumerate(walked):
        before = verdicts[-1] if verdicts else ""
        verdict: str = plain
        if plain != "disqualify" and before == "promote":
            low = []  # the unbroken run of looks below the band, as a promoted lead, up to this one
            for past in range(now, -1, -1):
                was_promoted = past > 0 and verdicts[past - 1] == "promote"
                if walked[past][1].total >= LINE - BAND or not was_promoted:
                    break
                low.append(walked[past][0])
            ends = look.criterion is False or (low and (day - min(low)).days >= DAYS)
            verdict = "demote" if ends else "promote"
        if before == "demote" and plain not in ("promote", "disqualify"):
            demoted = now - 1
            while demoted > 0 and verdicts[demoted - 1] == "demote":
                demoted -= 1
            verdict = "demote" if (day - walked[demoted][0]).days < DAYS else plain
        verdicts.append(verdict)
    return verdicts


@settings(max_examples=examples(600))
@given(looks=LOOKS)
def test_a_walk_is_that_of_the_model(looks: list[Look]) -> None:
    """Looking only at the memory comes to the same as looking at the whole history."""
    walked = walk(looks)
    assert [advice.verdict for *_, advice in walked] == model(walked)
    for (_, _, _, before), (day, _, _, advice) in pairwise(walked):
        stays = before.verdict == advice.verdict
        assert advice.since == (before.since if stays else day)
        assert advice.below_since is None or advice.verdict in ("promote", "demote")


@settings(max_examples=examples(300))
@given(looks=LOOKS, totals=st.lists(st.integers(LINE - BAND, LINE + BAND), min_size=25, max_size=25))
def test_no_flapping_within_the_band(looks: list[Look], totals: list[int]) -> None:
    """Once promoted, a lead whose points stay within the band and whose criteria aren't known to be unmet stays so."""
    calm = [
        Look(look.after, total, look.criterion or None, False, 0) for look, total in zip(looks, totals, strict=False)
    ]
    verdicts = [advice.verdict for *_, advice in walk([Look(0, LINE, True, False, 0), *calm])]
    assert set(verdicts) == {"promote"}


@settings(max_examples=examples(300))
@given(looks=LOOKS)
def test_a_look_that_is_repeated_changes_nothing(looks: list[Look]) -> None:
    """However often a lead is looked at on a day, the advice and all that follows are the same."""
    twice = [again for look in looks for again in (look, Look(0, look.total, look.criterion, look.excluded, look.more))]
    once, repeated = walk(looks), walk(twice)
    days = [(advice.verdict, advice.since, advice.below_since) for *_, advice in once]
    assert [(advice.verdict, advice.since, advice.below_since) for *_, advice in repeated[1::2]] == days
    assert [(advice.verdict, advice.since, advice.below_since) for *_, advice in repeated[::2]] == days


OFFSETS = st.none() | st.integers(-COOL - 5, 5)


@settings(max_examples=examples(300))
@given(
    plain=st.sampled_from(VERDICTS), rejected=OFFSETS, broken=OFFSETS, last=st.sampled_from([None, "nurture", "ask"])
)
def test_a_rejected_lead_cools_down(plain: Verdict, rejected: int | None, broken: int | None, last: str | None) -> None:
    """For so many days after a rejection a lead is neither promoted nor asked, unless a later day breaks it."""
    rejected_on, broken_on = (None if days is None else DAY + timedelta(days) for days in (rejected, broken))
    to = "contact" if plain == "disqualify" else "lead"
    memory = Memory(last, to, DAY - timedelta(3), None, rejected_on)
    advice = advise(plain, GATE, to, [True], LINE, memory, DAY, broken_on)
    is_breaking = rejected is not None and broken is not None and broken > rejected
    cools = rejected is not None and -COOL < rejected <= 0 and not is_breaking
    assert advice.verdict == ("nurture" if cools and plain in ("promote", "ask") else plain)
    assert advice.cools_until == (rejected_on + timedelta(COOL) if cools and rejected_on else None)
    assert advice.since == (DAY - timedelta(3) if advice.verdict == last else DAY)
    assert [advice.weigh(chance) for chance in (0.0, 0.01, 1.0)] == ([0.0] * 3 if cools else [0.0, 0.01, 1.0])


def test_a_filled_memory_is_as_good_as_one_that_is_sent() -> None:
    """A lead that sends nothing, completed with what is remembered, gets the answer of one that sends it all."""
    names = [field.name for field in CARD.card.plain_fields]
    for case in CASES["cases"]:
        lead = make_lead(case)
        cleaned = get_values(lead)
        memory = Memory(*(cleaned[name] for name in MEMORY_KINDS))
        bare = get_values({name: value for name, value in lead.items() if name not in MEMORY_KINDS})
        assert fill_memory(bare, memory) == cleaned
        assert list(bare) == names


def get_values(lead: dict[str, Any]) -> dict[str, Any]:
    """The typed values of a raw lead."""
    return dict(get_engine(CARD).clean(lead).values)

"""How a lead stands, what it needs, and what becomes of it, in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from leadledger.api.pages.desk.criteria import list_needs
from leadledger.api.pages.desk.standing import describe_outlook, describe_standing, word_ordinal
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.forecast import forecast_values
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.scorecard import build_untrained
from tests.api.pages.desk.leads import AS_OF, EVENTS, LEAD, LEARNED, RULES_ALONE, read_values, score_lead


def test_chance_grade_and_place_come_first() -> None:
    """Chance and grade with those of the axes are said; points are there, and the place where the release knows it."""
    card = replace(LEARNED, learned=replace(LEARNED.learned, percentiles=tuple(range(0, 990, 10))))
    standing = describe_standing(score_lead(card), card, 55, 1997)
    assert (standing.chance, standing.grade, standing.axis_grades) == ("17\u00a0%", "B", "A2")
    assert standing.axes.startswith("fit A, engagement ")
    assert standing.chance_of == "chance to become an opportunity"
    assert (standing.place, standing.place_of) == ("55th", "of 1,997 known leads, better than 59\u00a0%")
    assert describe_standing(score_lead(LEARNED), LEARNED, 1, 1).place_of == "of 1 known lead"
    assert [word_ordinal(number) for number in (1, 2, 3, 4, 11, 112, 1013, 21)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "112th", "1,013th", "21st")
    ]


def test_the_scale_shows_what_answers_can_do() -> None:
    """The chance stands where it is, the threshold as a chance too, and the band only while something is to ask."""
    result = score_lead(LEARNED)
    scale = describe_standing(result, LEARNED, 55, 1997).scale
    assert result.probability is not None
    assert scale.now == f"{100 * result.probability:.2f}%"
    assert scale.threshold_words == "47\u00a0%"
    assert scale.band_words != ""
    known = {**LEAD, "decision_date": AS_OF + timedelta(days=30)}
    assert describe_standing(score_lead(LEARNED, known), LEARNED, 55, 1997).scale.band_words == ""


def test_without_a_base_rate_points_stand_in_its_place() -> None:
    """No chance is made up: the scale shows points from 0 to 100."""
    card = build_untrained(
        parse_card("name: n\nfields: {a: {kind: flag}}\nrules: [{name: r, when: a, points: 5, reason: R}]")
    )
    standing = describe_standing(get_engine(card).score({"a": True}, AS_OF), card, 55, 1997)
    assert (standing.chance, standing.points, standing.error) == ("", "55.0", "")
    assert (standing.scale.now, standing.scale.low, standing.scale.high) == ("55.00%", "0.0", "100.0")


def test_needs_are_said_with_what_meets_them() -> None:
    """Each criterion says whether it is met, and by which value; one that isn't essential says so."""
    needs = list_needs(score_lead(RULES_ALONE), RULES_ALONE, read_values(RULES_ALONE, LEAD))
    assert needs.stage == "opportunity"
    assert [(need.text, need.state, need.detail, need.is_required) for need in needs.needs] == [
        ("A clear need", "met", "urgent", True),
        ("A decision within half a year", "unknown", "decision date: not known", True),
        ("47\u00a0% chance or more", "met", "80.0 points of 80.0", True),
        ("Ten people or more", "met", "684", False),
    ]


def test_the_outlook_names_the_day() -> None:
    """What time alone will change is said with its day, or that nothing will."""
    lead = {**LEAD, "decision_date": AS_OF + timedelta(days=100)}
    values = read_values(RULES_ALONE, lead)
    forecast = forecast_values(RULES_ALONE, values, AS_OF, 90, EVENTS)
    outlook = describe_outlook(forecast, RULES_ALONE)
    assert forecast.recommendation is not None
    assert outlook.before == "If nothing happens, it leaves the threshold on "
    assert outlook.after.startswith(": leave for now")
    empty = describe_outlook(forecast_values(RULES_ALONE, read_values(RULES_ALONE, {}), AS_OF, 90), RULES_ALONE)
    assert empty.before == "If nothing happens, this advice stays as it is until 28 February 2027 at least."
    assert (empty.day, empty.back_on) == ("", None)

"""A lead's page, put together: all that it shows, of all that the service knows of the lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from leadledger.api.pages.desk.answers import (
    AnswerInput,
    AnswerTable,
    TriedAnswers,
    describe_tried,
    list_answer_rows,
    make_inputs,
    order_questions,
)
from leadledger.api.pages.desk.course import Course, describe_course, name_differences
from leadledger.api.pages.desk.criteria import Needs, list_needs
from leadledger.api.pages.desk.entry_words import EntryWords
from leadledger.api.pages.desk.feedback_form import FeedbackForm, Opinion, make_form, word_opinions
from leadledger.api.pages.desk.lead_comparison import LeadsBeside, describe_comparison
from leadledger.api.pages.desk.lead_lines import describe_line
from leadledger.api.pages.desk.standing import Outlook, Standing, describe_outlook, describe_standing
from leadledger.api.pages.desk.subjects import SubjectFinder
from leadledger.api.pages.desk.timeline import Timeline, draw_timeline
from leadledger.api.pages.desk.values import list_facts, name_lead
from leadledger.api.pages.desk.waterfall import Waterfall, draw_waterfall
from leadledger.api.service.lead_bodies import Answers
from leadledger.api.service.whole_lead import ComparedPair, WholeLead
from leadledger.api.wording.figures import word_days
from leadledger.api.wording.recommendations import AdviceWords
from leadledger.scoring.advice import word_day
from leadledger.scoring.result import format_unsigned

GONE_RELEASE = (
    "The release that gave its last score is gone, so all of this is worked out by the one that is served now."
)
SCORED_ANEW = "By the release that is served, and by what has arrived since, it has {points} points as of that day."
QUESTIONS_SHOWN = 3  # of the form; the others fold away


@dataclass(frozen=True)
class AskedOfLead:
    """What a visitor asks of a lead's page.

    `sent` are the answers that were tried, as they were sent, by field, and `answers` the same, cleaned (None: there
    are none, or they can't be read, as `mistakes` say, by field). `each` is the field whose every answer is tried;
    empty: the first. `feedback` is what was chosen or sent in the forms, `feedback_mistakes` what is wrong in it.
    """

    sent: Mapping[str, str] = field(default_factory=dict)
    answers: Answers | None = None
    mistakes: Mapping[str, str] = field(default_factory=dict)
    each: str = ""
    feedback: Mapping[str, str] = field(default_factory=dict)
    feedback_mistakes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LeadView:
    """All that a lead's page shows."""

    lead: str
    name: str
    facts: tuple[str, ...]
    owner: str
    as_of: str
    is_today: bool
    release: str
    advice: AdviceWords
    trend: str
    trend_reason: str
    waits: str
    standing: Standing
    outlook: Outlook
    notes: tuple[str, ...]
    waterfall: Waterfall
    needs: Needs
    inputs: tuple[AnswerInput, ...]
    more_inputs: tuple[AnswerInput, ...]
    input_mistakes: Mapping[str, str]
    tried: TriedAnswers | None
    table: AnswerTable | None
    timeline: Timeline | None
    course: Course
    form: FeedbackForm
    opinions: tuple[Opinion, ...]


def describe_lead(whole: WholeLead, asked: AskedOfLead, today: date, place: int, leads: int) -> LeadView:
    """The page of a lead on a day; it is at this place of so many known leads."""
    scored, known, now = whole.scored, whole.known, whole.now
    row, result, card = scored.row, scored.result, scored.engine.card
    served = known.engine.card
    values = known.values
    words = EntryWords(card, values)
    line = describe_line(whole.detailed, served.card, today)
    outlook = describe_outlook(whole.forecast, served)
    fields = order_questions(now, served, values)
    inputs = make_inputs(served, fields, values, asked.sent, whole.as_of)
    first = [name for name in fields if name in asked.sent or values.get(name) is None][:QUESTIONS_SHOWN]
    shown = set(first or fields[:QUESTIONS_SHOWN]) | set(asked.sent)
    return LeadView(
        lead=row.lead,
        name=name_lead(card.card, values, row.lead),
        facts=list_facts(card.card, values, whole.as_of),
        owner=row.owner,
        as_of=word_day(whole.as_of, today),
        is_today=whole.as_of >= today,
        release=row.release,
        advice=line.advice,
        trend=f"{line.arrow} {line.change}".strip(),
        trend_reason=line.change_reason,
        waits=line.waits,
        standing=describe_standing(result, card, place, leads),
        outlook=outlook,
        notes=_list_notes(whole, today),
        waterfall=draw_waterfall(result, card, values),
        needs=list_needs(result, card, values),
        inputs=tuple(question for question in inputs if question.field in shown),
        more_inputs=tuple(question for question in inputs if question.field not in shown),
        input_mistakes=asked.mistakes,
        tried=_describe_tried(whole, asked),
        table=_make_table(whole, asked, fields),
        timeline=draw_timeline(whole.days, served.card, result.events, whole.as_of) if served.card.events else None,
        course=describe_course(whole.history, whole.forecast, served, whole.as_of),
        form=make_form(result, words, today, asked.feedback, asked.feedback_mistakes),
        opinions=word_opinions(scored.feedback, result, words, today),
    )


def _list_notes(whole: WholeLead, today: date) -> tuple[str, ...]:
    """What is to be known of the page: an old score, another release, events that aren't stored."""
    notes = list(whole.notes) if whole.is_replayed else [GONE_RELEASE]
    if whole.scored.result.tenths != whole.now.tenths:
        notes.append(SCORED_ANEW.format(points=format_unsigned(whole.now.tenths)))
    old = (today - whole.as_of).days
    if old > 0:
        notes.append(f"Scored {word_days(old)} ago, on {word_day(whole.as_of, today)}: all of this is as of that day.")
    return tuple(notes)


def _describe_tried(whole: WholeLead, asked: AskedOfLead) -> TriedAnswers | None:
    if asked.answers is None:
        return None
    card = whole.known.engine.card
    what_if = whole.try_answers(asked.answers)
    typed = {name: asked.answers.lead.values.get(name) for name in asked.sent}
    return describe_tried(what_if, card, typed, whole.as_of, name_differences(what_if.moved, SubjectFinder(card)))


def _make_table(whole: WholeLead, asked: AskedOfLead, fields: tuple[str, ...]) -> AnswerTable | None:
    """What every answer to a question would do: to that which was asked for, else to the first that tells."""
    card = whole.known.engine.card
    wanted = [asked.each] if asked.each in fields else [*(name for name in fields if name in asked.sent), *fields]
    chosen = {} if asked.answers is None else asked.answers.lead.values
    for name in dict.fromkeys(wanted):
        effects = whole.try_each_answer(name)
        table = list_answer_rows(effects, card, card.card.fields[name], whole.now, chosen.get(name))
        if table is not None:
            return table
    return None


def describe_pair(pair: ComparedPair, notes: tuple[str, ...] = ()) -> LeadsBeside:
    """Two leads side by side."""
    first, second = pair.first, pair.second
    card = first.engine.card
    names = name_lead(card.card, first.values, first.row.lead), name_lead(card.card, second.values, second.row.lead)
    leads = first.row.lead, second.row.lead
    return describe_comparison(pair.comparison, card, (first.values, second.values), leads, names, notes)

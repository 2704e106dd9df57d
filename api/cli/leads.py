"""`leadledger leads`: known leads listed, compared and looked ahead, what sales thinks, and the book at a glance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from leadledger.api.cli import lead_texts
from leadledger.api.cli.log import open_log
from leadledger.api.cli.options import (
    Day,
    ScorecardSource,
    as_json,
    as_of,
    gather,
    home,
    log_url,
    scorecard_source,
    today,
)
from leadledger.api.cli.printing import report
from leadledger.api.log.feedback import REJECT_REASONS
from leadledger.api.requests.asked_leads import MOST_LEADS_ASKED, USUAL_LEADS_ASKED
from leadledger.scoring.engine.forecast_days import MOST_DAYS, USUAL_DAYS
from leadledger.scoring.errors import DataError, quote
from leadledger.scoring.scorecard import Card

if TYPE_CHECKING:
    from leadledger.api.log.book_rows import BookRow
    from leadledger.api.log.book_store import BookStore
    from leadledger.api.log.known_leads import KnownLead
    from leadledger.api.log.store import LogStore
    from leadledger.api.requests.mistakes import Mistakes
    from leadledger.api.service.loaded import LoadedCard

MOST_LISTED = 200
USUAL_LISTED = 20
ORDERS = ("points", "probability", "change", "since", "id")
Command = Callable[..., None]


@dataclass(frozen=True)
class OpenBook:
    """A log that is open, with its book, and the scorecard that known leads are scored by."""

    log: LogStore
    book: BookStore
    loaded: LoadedCard
    home: Path

    def find(self, lead: str) -> BookRow:
        """The row of a lead. Raises DataError where the book doesn't know it, with ids that may be meant."""
        row = self.book.read_lead(lead)
        if row is None:
            similar = self.book.find_similar(lead)
            near = f" There are: {', '.join(map(quote, similar))}." if similar else ""
            raise DataError(f"the book has no lead {quote(lead.strip())}.{near}")
        return row

    def recall(self, as_of: date, *leads: str) -> tuple[KnownLead, ...]:
        """Leads by their ids, ready to be scored. Raises DataError."""
        from leadledger.api.service.known_leads import recall_leads

        return recall_leads(self.log, self.loaded, self.home, [self.find(lead) for lead in leads], as_of)

    def choose_day(self, as_of: date | None) -> date:
        """A day, or today in the card's time zone."""
        return as_of or today(self.loaded.card.card.time_zone)


def of_book(command: Command) -> Command:
    """The options by which the book and the scorecard are found, as `source` and `log_url`, and `--json`."""
    return scorecard_source(log_url(as_json(command)))


def of_log(command: Command) -> Command:
    """The options by which the log is found, and `--json`."""
    return home(log_url(as_json(command)))


@click.group(invoke_without_command=True)
@of_log
@click.pass_context
def leads(context: click.Context, home: Path, log_url: str | None, as_json: bool) -> None:
    """List known leads, compare two, look ahead, give feedback."""
    if context.invoked_subcommand is None:
        _list(home, log_url, as_json, Card("", {}))


@leads.command("list")
@click.option("--recommendation", metavar="WORDS", help="Some recommendations, with commas between them.")
@click.option("--grade", metavar="GRADES", help="Some grades, with commas between them.")
@click.option("--stage", metavar="STAGES", help="Some stages at which leads stand, with commas between them.")
@click.option("--owner", metavar="NAME", help="The field `owner`; '' for leads without one.")
@click.option("--snoozed/--not-snoozed", default=None, help="Put off by sales to a later day, or not.")
@click.option("--id", "q", metavar="START", help="How the id begins.")
@click.option("--field", "fields", metavar="NAME=VALUE", multiple=True, help="A value of a field; '' for unknown.")
@click.option("--order", type=click.Choice(ORDERS), default="points", show_default=True, help="By what they come.")
@click.option("--direction", metavar="WAY", help="asc or desc; if left out, desc, and asc for since and id.")
@click.option(
    "--limit", type=click.IntRange(1, MOST_LISTED), default=USUAL_LISTED, show_default=True, help="How many at most."
)
@gather(
    "wanted",
    lambda **options: options,
    ("recommendation", "grade", "stage", "owner", "snoozed", "q", "fields", "order", "direction", "limit"),
)
@of_book
def list_leads(wanted: Mapping[str, Any], source: ScorecardSource, log_url: str | None, as_json: bool) -> None:
    """List known leads, the best first.

    Grades, stages, fields and what is snoozed are those of the card or the release.
    """
    needs_card = any(wanted[name] for name in ("grade", "stage", "fields")) or wanted["snoozed"] is not None
    _list(source.home, log_url, as_json, source.open().card if needs_card else Card("", {}), wanted)


@leads.command("compare")
@click.argument("a")
@click.argument("b")
@scorecard_source
@log_url
@as_of
@as_json
def compare(a: str, b: str, source: ScorecardSource, log_url: str | None, as_of: date | None, as_json: bool) -> None:
    """Set the leads A and B beside each other, entry by entry."""
    from leadledger.api.service.known_leads import compare_leads

    with _open_book(source, log_url) as book:
        day = book.choose_day(as_of)
        first, second = book.recall(day, a, b)
        answer = compare_leads(first, second, day)
    report(as_json, answer, lead_texts.word_comparison(answer))


@leads.command("forecast")
@click.argument("lead", metavar="ID")
@click.option(
    "--days", type=click.IntRange(1, MOST_DAYS), default=USUAL_DAYS, show_default=True, help="How far to look ahead."
)
@scorecard_source
@log_url
@as_of
@as_json
def forecast(
    lead: str, days: int, source: ScorecardSource, log_url: str | None, as_of: date | None, as_json: bool
) -> None:
    """Say when the advice on a lead will change if nothing happens."""
    from leadledger.api.service.known_leads import forecast_lead

    with _open_book(source, log_url) as book:
        day = book.choose_day(as_of)
        (known,) = book.recall(day, lead)
        answer = forecast_lead(known, day, days)
    report(as_json, answer, lead_texts.word_forecast(answer))


@leads.command("feedback")
@click.argument("lead", metavar="ID")
@click.argument("verb", type=click.Choice(("accept", "reject", "snooze")))
@click.option("--reason", type=click.Choice(REJECT_REASONS), help="Why it is rejected.")
@click.option("--entry", help="The ledger entry that is wrong, such as rule:no_budget.")
@click.option("--until", type=Day(), help="The day on which a snoozed lead comes back.")
@of_book
def feedback(
    lead: str,
    verb: str,
    reason: str | None,
    entry: str | None,
    until: date | None,
    source: ScorecardSource,
    log_url: str | None,
    as_json: bool,
) -> None:
    """Say what sales thinks of a lead.

    It tells of the score, never of the outcome: training doesn't read it.
    """
    from leadledger.api.log.feedback_store import FeedbackStore
    from leadledger.api.log.replay import Replayer
    from leadledger.api.requests.mistakes import Refusal, format_path
    from leadledger.api.service.feedback import check_entry, describe_feedback
    from leadledger.api.service.lead_bodies import read_feedback

    body = {"verb": verb, "reason": reason, "entry": entry, "until": None if until is None else until.isoformat()}
    with _open_book(source, log_url) as book:
        try:
            opinion = read_feedback(body, book.choose_day(None))
            row = book.find(lead)
            check_entry(Replayer(book.log, book.home), book.loaded.engine, row, opinion.entry)
        except Refusal as refusal:
            reasons = [f"--{format_path(part.path).removeprefix('$.')} {part.reason}" for part in refusal.mistakes]
            raise click.UsageError("; ".join(reasons)) from None
        is_new = FeedbackStore(book.log.engine).add(row, opinion, "")
        answer = describe_feedback(row.lead, opinion, is_new)
    report(as_json, answer, lead_texts.word_feedback(answer))


@leads.command("questions")
@click.option(
    "--leads",
    "most",
    type=click.IntRange(1, MOST_LEADS_ASKED),
    default=USUAL_LEADS_ASKED,
    show_default=True,
    help="How many leads to look at, the nearest to the threshold.",
)
@of_book
def questions(most: int, source: ScorecardSource, log_url: str | None, as_json: bool) -> None:
    """Say which open question settles how many recommendations."""
    from leadledger.api.log.book_figures import BookFigures
    from leadledger.api.log.book_questions import read_asked_leads

    with _open_book(source, log_url) as book:
        asked, steps = read_asked_leads(BookFigures(book.log.engine), book.loaded.engine, most)
        for rows in steps:
            asked.add(rows)
    answer = asked.to_dict()
    report(as_json, answer, lead_texts.word_questions(answer))


@leads.command("summary")
@of_book
def summary(source: ScorecardSource, log_url: str | None, as_json: bool) -> None:
    """Show the book in figures."""
    from leadledger.api.log.book_summary import summarize_book

    with _open_book(source, log_url) as book:
        answer = summarize_book(book.log, book.loaded.card, book.choose_day(None))
    report(as_json, answer, lead_texts.word_summary(answer))


def _list(
    home: Path, log_url: str | None, as_json: bool, card: Card, wanted: Mapping[str, Any] = MappingProxyType({})
) -> None:
    from leadledger.api.log.book_store import BookStore
    from leadledger.api.requests.mistakes import Mistakes
    from leadledger.api.service.book import describe_lead_row
    from leadledger.api.service.lead_list import list_parameter_names, read_lead_list

    mistakes, names = Mistakes(), list_parameter_names(card)
    pairs = [("limit", str(USUAL_LISTED))] if not wanted else list(_list_parameters(wanted))
    for name, _ in pairs:
        if name not in names:
            mistakes.add((f"?{name}",), "the card has no such field")
    known = [(name, value) for name, value in pairs if name in names]
    listed = read_lead_list(known, card, today(card.time_zone), mistakes)
    if mistakes:
        raise DataError("\n".join(_list_mistakes(mistakes)))
    with open_log(home, log_url) as log:
        page = BookStore(log.engine).list_leads(listed)
    answer = {"leads": [describe_lead_row(row) for row in page.rows], "more": page.end is not None}
    report(as_json, answer, lead_texts.word_list(answer))


def _list_parameters(wanted: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The options as parameters of `GET /v1/leads`. Raises UsageError for a field without a value."""
    from leadledger.api.service.lead_list import FIELD_PREFIX

    for name, value in wanted.items():
        if name == "fields":
            for field in value:
                field_name, equals, text = field.partition("=")
                if not equals:
                    raise click.UsageError(f"--field {field}: write it like country=SE")
                yield f"{FIELD_PREFIX}{field_name}", text
        elif isinstance(value, bool):
            yield name, str(value).lower()
        elif value is not None:
            yield name, str(value)


def _list_mistakes(mistakes: Mistakes) -> Iterator[str]:
    """The mistakes, each with the option that has it."""
    from leadledger.api.service.lead_list import FIELD_PREFIX

    for mistake in mistakes.listed:
        name = str(mistake.path[0])[1:]
        option = f"--field {name.removeprefix(FIELD_PREFIX)}" if name.startswith(FIELD_PREFIX) else f"--{name}"
        yield f"{'--id' if name == 'q' else option}: {mistake.reason}"


@contextmanager
def _open_book(source: ScorecardSource, log_url: str | None) -> Iterator[OpenBook]:
    """The book of the log, and the card or release that is asked for. Raises ScoringError."""
    from leadledger.api.log.book_store import BookStore
    from leadledger.api.service.loaded import load
    from leadledger.api.service.settings import Settings

    loaded = load(Settings(home=source.home, release=source.release, card=source.card))
    with open_log(source.home, log_url) as log:
        yield OpenBook(log, BookStore(log.engine), loaded, source.home)

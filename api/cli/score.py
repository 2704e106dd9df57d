"""`leadledger score`: a list of leads, in a file, on a cluster or in PostgreSQL."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from leadledger.api.cli.log import open_log
from leadledger.api.cli.options import (
    Names,
    ScorecardSource,
    as_json,
    as_of,
    gather,
    is_given,
    log_url,
    reading_options,
    scorecard_source,
    today,
)
from leadledger.api.cli.printing import count, file_name, report, wrap
from leadledger.api.cli.progress import show_bar, show_steps

if TYPE_CHECKING:
    from leadledger.api.lists.results import ScoredList, ScoredTable
    from leadledger.api.lists.wanted import Wanted
    from leadledger.api.service.list_recorder import ListRecorder
    from leadledger.scoring.scorecard import Scorecard
    from leadledger.training.sources.reading import ReadingOptions

FAST = 100_000  # rows from which on the report says how many were scored a second
POSTGRES_URLS = ("postgresql:", "postgres:")
CHOSEN_BY = {
    "duckdb": "a list in a file",
    "postgres": "a URL like postgresql://user@host/database",
    "spark": "--engine spark",
}
WANTED = (
    "explain",
    "prefix",
    "where",
    "only",
    "top",
    "best_first",
    "columns",
    "ledger",
    "rejects",
    "guard_formulas",
    "events",
    "events_table",
    "log",
)


@dataclass(frozen=True)
class EngineSettings:
    """The engine for files, and what only some engines take; `ENGINES` of api/lists says which."""

    engine: str
    out: str | None
    table: str | None
    into: str | None
    key: str | None
    master: str | None


class ListResult(Protocol):
    """What becomes of a list, in any engine."""

    @property
    def rejected(self) -> int:
        """The rows that can't be read."""

    @property
    def all_rejected(self) -> bool:
        """Whether there are rows and each was rejected."""

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""


def _wanted(**options: Any) -> Wanted:
    from leadledger.api.lists.wanted import Wanted

    return Wanted(**options)


@click.command()
@click.argument("leads")
@click.option("-o", "--out", help="File to write; its ending says of which kind.")
@click.option("--where", default="", metavar="CONDITION", help="Only leads that meet this: 'employees > 50'.")
@click.option("--only", type=Names(), default=(), help="Only these recommendations: promote,ask.")
@click.option("--top", type=click.IntRange(min=1), help="Only this many leads, the best ones, best first.")
@click.option("--best-first", is_flag=True, help="Sort by points.")
@click.option("--columns", type=Names(), default=(), help='Columns to write: lead_id,"City, State",score.')
@click.option("--explain", is_flag=True, help="Add the strongest reasons each way, and the questions to ask.")
@click.option("--ledger", metavar="FILE", help="File (in PostgreSQL: table) for every entry of every ledger.")
@click.option("--events", metavar="FILE", help="File with the events of the leads, for a card that counts them.")
@click.option("--events-table", default="", help="With a PostgreSQL URL: table of the events of the leads.")
@click.option("--rejects", metavar="FILE", help="File for rows that can't be read; beside OUT if left out.")
@click.option("--guard-formulas", is_flag=True, help="In text files, put ' before what a sheet may run: =, +, -, @.")
@click.option("--log", is_flag=True, help="Record the scores in the log and the book, too.")
@click.option("--strict", is_flag=True, help="Exit with status 1 if any row is rejected.")
@click.option("--prefix", default="", help="Put this before the names of the new columns.")
@click.option("--table", help="With a PostgreSQL URL: table or view to score, also schema.table.")
@click.option("--into", help="With a PostgreSQL URL: table for the scores; made if it isn't there.")
@click.option("--key", help="With a PostgreSQL URL: column that identifies rows; the card's id if left out.")
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    show_default=True,
    help="What scores a file: DuckDB, in this process, or Apache Spark, on a cluster.",
)
@click.option("--master", help="With --engine spark: its URL, as spark://host:7077; this machine if left out.")
@gather("settings", EngineSettings)
@gather("wanted", _wanted, WANTED)
@reading_options
@scorecard_source
@log_url
@as_of
@as_json
def score(
    leads: str,
    settings: EngineSettings,
    wanted: Wanted,
    strict: bool,
    reading: ReadingOptions,
    source: ScorecardSource,
    log_url: str | None,
    as_of: date | None,
    as_json: bool,
) -> None:
    """Score the list LEADS into another file. Rows that can't be read go to a rejects file.

    LEADS: CSV (any delimiter and encoding), JSON lines or Excel, each also as .gz; Parquet, also a folder or a pattern;
    `-` is standard input. OUT: .csv, .tsv, .jsonl (also .gz), .parquet or .xlsx; `-` is CSV on standard output.

    LEADS may be postgresql://…, with --table and --into: the server scores its own table. Only rows that can't be read
    leave it, so that their reasons can be worded.

    With --log, each lead with an id enters the database of the log too, as if the service had scored it.

    With --engine spark, a cluster scores LEADS (a file, a folder or a pattern, of Parquet or CSV) into the folder OUT.
    """
    engine = "postgres" if leads.startswith(POSTGRES_URLS) else settings.engine
    _refuse_misuse(engine, leads, settings, wanted)
    card = source.open()
    zone = card.card.time_zone
    job = ListJob(leads, settings, as_of or today(zone), wanted, reading, source, log_url)
    if wanted.log and job.day > today(zone):
        raise click.UsageError(f"--as-of {job.day} lies ahead; --log takes scores of today and of earlier days")
    result, text = SCORERS[engine](card, job)
    report(as_json, result.to_dict(), text, err=settings.out == "-")
    if result.all_rejected or (strict and result.rejected):
        sys.exit(1)


def _refuse_misuse(engine: str, leads: str, settings: EngineSettings, wanted: Wanted) -> None:
    """Raises UsageError for an option that the engine doesn't take, and for one that it needs and hasn't got."""
    from leadledger.api.lists.capabilities import ENGINES, find_unsupported

    context = click.get_current_context()
    parameters = {parameter.name: parameter for parameter in context.command.params}
    if engine == "postgres" and settings.engine != "duckdb":
        raise click.UsageError("--engine is for files; PostgreSQL scores its own tables")
    unsupported = find_unsupported(ENGINES[engine], wanted)
    if unsupported is not None:
        name, reason = unsupported
        raise click.UsageError(f"{parameters[name].opts[-1]} {reason}")
    for name in ("out", "table", "into", "key", "master"):
        if getattr(settings, name) is not None and name not in ENGINES[engine].takes:
            takers = [CHOSEN_BY[taker] for taker in ENGINES if name in ENGINES[taker].takes]
            raise click.UsageError(f"{parameters[name].opts[-1]} goes with {' or '.join(takers)}")
    for name in ENGINES[engine].needs:
        if getattr(settings, name) is None:
            raise click.MissingParameter(ctx=context, param=parameters[name])
    for name in ("sheet", "header_row"):
        if engine != "duckdb" and is_given(name):
            raise click.UsageError(f"{parameters[name].opts[-1]} goes with {CHOSEN_BY['duckdb']}")
    if not wanted.log and is_given("log_url"):
        raise click.UsageError("--log-url goes with --log")
    if engine == "spark" and "-" in (leads, settings.out):
        raise click.UsageError("--engine spark reads and writes files and folders; '-' is neither")


@dataclass(frozen=True)
class ListJob:
    """A list to score: its name, the engine's settings, the day, what is wanted, how the file is to be read.

    `source` and `log_url` are for what is recorded.
    """

    leads: str
    settings: EngineSettings
    day: date
    wanted: Wanted
    reading: ReadingOptions
    source: ScorecardSource
    log_url: str | None

    @property
    def out(self) -> str:
        """Where the scores go; empty in a database."""
        return self.settings.out or ""


Scorer = Callable[["Scorecard", ListJob], tuple[ListResult, str]]


def _score_in_duckdb(card: Scorecard, job: ListJob) -> tuple[ListResult, str]:
    from leadledger.api.lists.duckdb import score_list

    leads, out = Path(job.leads), Path(job.out)
    with show_bar(job.leads) as draw:
        if not job.wanted.log:
            scored = score_list(card, leads, out, job.day, job.wanted, reading=job.reading, progress=draw)
            return scored, list_text(scored)
        with _open_recorder(job) as recorder:
            scored = score_list(
                recorder.loaded.card,
                leads,
                out,
                job.day,
                job.wanted,
                reading=job.reading,
                progress=draw,
                recorder=recorder,
            )
    scored = replace(scored, recorded=recorder.to_dict())
    return scored, list_text(scored)


@contextmanager
def _open_recorder(job: ListJob) -> Iterator[ListRecorder]:
    """What records the scores of a list. Raises DataError where the log can't be opened, or fails."""
    from leadledger.api.service.list_recorder import ListRecorder

    loaded = job.source.load()
    with open_log(job.source.home, job.log_url) as log:
        if loaded.digest:
            log.keep_card(loaded.digest, loaded.text)
        yield ListRecorder(log, loaded, job.day)


def _score_in_spark(card: Scorecard, job: ListJob) -> tuple[ListResult, str]:
    from leadledger.api.lists.spark import score_folder

    with show_steps() as show_step:
        scored = score_folder(
            card, job.leads, job.out, job.day, job.wanted, master=job.settings.master, progress=show_step
        )
    return scored, list_text(scored)


def _score_in_postgres(card: Scorecard, job: ListJob) -> tuple[ListResult, str]:
    from leadledger.api.lists.postgres import score_table

    table, into = job.settings.table or "", job.settings.into or ""
    with show_steps() as show_step:
        stored = score_table(
            card, job.leads, table, into, job.day, job.wanted, key=job.settings.key, progress=show_step
        )
    return stored, _table_text(stored)


SCORERS: Mapping[str, Scorer] = {
    "duckdb": _score_in_duckdb,
    "postgres": _score_in_postgres,
    "spark": _score_in_spark,
}


def list_text(scored: ScoredList) -> str:
    """What became of a list, for the terminal."""
    return wrap(_list_lines(scored))


def _list_lines(scored: ScoredList) -> Iterator[str]:
    left = f", {scored.left_out:,} not asked for" if scored.left_out else ""
    rate = f", {scored.rows / scored.seconds:,.0f} a second" if scored.rows >= FAST and scored.seconds else ""
    written = f"{scored.scored:,} scored into {file_name(scored.out)}"
    if scored.all_rejected:
        yield f"{count(scored.rows, 'row')}: none can be scored, and {file_name(scored.out)} is not written"
        yield from scored.first_rejects
    else:
        yield f"{count(scored.rows, 'row')}: {written}, {scored.rejected:,} rejected{left}{rate}"
    if scored.rejected:
        yield f"Why rows were rejected: {scored.rejects}"
    yield from scored.notes
    if scored.duplicates:
        have = "row has" if scored.duplicates == 1 else "rows have"
        yield f"{scored.duplicates:,} {have} the id of an earlier row: {', '.join(map(repr, scored.examples))}"
    yield from scored.fit.describe("list")
    yield from _count_lines(scored)
    if scored.recorded is not None:
        yield _log_line(scored.recorded)


def _log_line(recorded: Mapping[str, int]) -> str:
    """What was recorded of a list."""
    words = {
        "new": "new to the book",
        "moved": "moved in the book",
        "same": "as the book has them",
        "older": "older than the book has them",
        "without_id": "without an id, which the log leaves out",
    }
    leads = [f"{recorded[name]:,} {what}" for name, what in words.items() if recorded[name]]
    changed = f"; decisions that changed: {recorded['decisions']:,}" if recorded["decisions"] else ""
    messages = f"; messages to deliver: {recorded['messages']:,}" if recorded["messages"] else ""
    return f"Log: {', '.join(leads) or 'no leads'}; {count(recorded['scores'], 'score')} added{changed}{messages}"


def _table_text(stored: ScoredTable) -> str:
    """What became of a table in PostgreSQL."""
    return wrap(_table_lines(stored))


def _table_lines(stored: ScoredTable) -> Iterator[str]:
    if stored.all_rejected:
        yield f"{count(stored.rows, 'row')}: none can be scored into {stored.into}"
        yield from stored.first_rejects
    else:
        yield f"{count(stored.rows, 'row')}: {stored.scored:,} scored into {stored.into}, {stored.rejected:,} rejected"
    if stored.rejected:
        yield f"Why rows were rejected: {stored.rejects}"
    if stored.duplicates:
        yield f"{stored.duplicates:,} of these share their id with another row"
    yield from stored.notes
    yield from stored.fit.describe("table")
    yield from _count_lines(stored)


def _count_lines(result: ScoredList | ScoredTable) -> Iterator[str]:
    for title, counts in (("Recommendations", result.recommendations), ("Grades", result.grades)):
        if counts:
            yield f"{title}: " + " · ".join(f"{name} {number:,}" for name, number in counts.items())

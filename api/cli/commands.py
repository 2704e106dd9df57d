"""The command line: `leadledger COMMAND`.

Every command that reports takes `--json`. Exit status: 0 done, 1 a refused card, data, lead or gate, 2 wrong usage.
Heavy libraries are imported by the commands that need them, so that `serve`, `score` and `--help` start fast.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadledger.api.cli.keys import keys
from leadledger.api.cli.log import log, logged_history
from leadledger.api.cli.options import (
    FILE,
    Day,
    as_json,
    as_of,
    card_alone,
    home,
    log_url,
    on_the_line,
    refusing,
    release,
    show,
    today,
    width,
)
from leadledger.api.cli.progress import show_bar, show_steps
from leadledger.scoring.errors import DataError, ScoringError

if TYPE_CHECKING:
    from leadledger.models.releases.store import Releases
    from leadledger.scoring.scorecard import Scorecard


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="leadledger")
def cli() -> None:
    """Score leads with rules and learned tables: every point has a reason, and the points add up."""


cli.add_command(keys)
cli.add_command(log)


def main() -> None:
    """The entry point of the installed command."""
    cli(prog_name="leadledger")


def scorecard(home: Path, release: str | None, card: Path | None) -> Scorecard:
    """The scorecard that the options name."""
    if card is not None and release is not None:
        raise click.UsageError("--card and --release exclude each other; give one of the two")
    if card is not None:
        import leadledger

        return leadledger.load(card)
    from leadledger.models.releases.store import Releases

    return Releases(home).open(release)


@cli.command()
@click.argument("card", type=FILE)
@click.argument("data", type=FILE, required=False)
@as_of
@as_json
@refusing
def check(card: Path, data: Path | None, as_of: date | None, as_json: bool) -> None:
    """Read CARD, run its cases in every engine, and say what it makes of the leads in DATA."""
    from leadledger.api.cli.reports import fit_text
    from leadledger.api.lists.card_cases import find_case_failures
    from leadledger.api.lists.coverage import measure_coverage
    from leadledger.scoring.card.reader import read_card

    written = read_card(card)
    failed = find_case_failures(written)
    found = measure_coverage(written, data, as_of or today()) if data else None
    if as_json:
        cases = {"cases": len(written.cases), "failed": list(failed)}
        show({"card": written.name, "rules": len(written.rules), **cases, "data": found and found.to_dict()})
    else:
        click.echo(f"{card}: {len(written.fields)} fields, {len(written.rules)} rules, no mistake found")
        for one in failed:
            click.echo(f"{card}: {one}")
        passed = len(written.cases) - len({one.split(":")[0] for one in failed})
        click.echo(f"{passed} of {len(written.cases)} cases pass, in Python and in DuckDB alike")
        if found:
            click.echo(fit_text(written, found, width()))
    if failed:
        sys.exit(1)


@cli.command()
@click.argument("card", type=FILE)
@click.argument("data", type=FILE, required=False)
@click.option("--from-log", is_flag=True, help="Learn from the log: leads as they were known when they were scored.")
@click.option("--backdated", is_flag=True, help="With --from-log: also from scores that were asked for an earlier day.")
@home
@log_url
@click.option("--as-of", type=Day(), help="The day on which DATA, or the log, was taken; its newest day if left out.")
@click.option("--seed", default=0, show_default=True, help="Same inputs, same seed: the same release.")
@click.option(
    "--held-out", type=click.FloatRange(0.05, 0.6), default=0.25, show_default=True, help="Share of leads to judge by."
)
@click.option("--force", is_flag=True, help="Make it the current release even if it is worse than that.")
@as_json
@refusing
def train(
    card: Path,
    data: Path | None,
    from_log: bool,
    backdated: bool,
    home: Path,
    log_url: str | None,
    as_of: date | None,
    seed: int,
    held_out: float,
    force: bool,
    as_json: bool,
) -> None:
    """Learn from the history DATA for CARD, or from the decision log, and make a release.

    It is compared with the current release on the same newest leads, and becomes current unless it is worse.
    """
    if data is not None and from_log:
        raise click.UsageError("DATA and --from-log exclude each other; give one of the two")
    if data is None and not from_log:
        raise click.UsageError("Missing argument 'DATA': the history to learn from; or --from-log, for the log's")
    for name, given in (("--backdated", backdated), ("--log-url", on_the_line("log_url"))):
        if given and not from_log:
            raise click.UsageError(f"{name} goes with --from-log")
    try:
        from leadledger.training.runs.tracking import log_run
        from leadledger.training.runs.train import train as learn
        from leadledger.training.runs.train_text import training_text
    except ModuleNotFoundError as error:
        raise DataError(f"training needs {error.name}: pip install 'leadledger[train]'") from None
    from leadledger.models.releases.store import Releases

    releases = Releases(home)
    with show_steps() as tell, ExitStack() as stack:
        tell("reading the history")
        history = data or stack.enter_context(logged_history(card, home, log_url, backdated))
        current = current_release(releases)
        found = learn(card, history, as_of=as_of, seed=seed, held_out=held_out, current=current, progress=tell)
    name = found.publish(releases, datetime.now(UTC), force=force)
    logged = log_run(found, name)
    if as_json:
        show({"release": name, "home": str(home), "current": releases.current() == name, **found.to_dict()})
    else:
        click.echo(training_text(found, name, releases.current() == name, width()))
        click.echo(f"The whole report, for a browser: {releases.path(name, 'report.html')}")
    if logged:
        click.echo(logged, err=True)


def current_release(releases: Releases) -> Scorecard | None:
    """The current release, to compare a new one with; None where there is none, or it is refused, which is said."""
    try:
        return releases.open() if releases.current() else None
    except ScoringError as error:
        click.echo(f"The current release is not compared with: {error}", err=True)
        return None


@cli.command()
@click.argument("data", type=FILE)
@home
@release
@click.option("--as-of", type=Day(), help="The day on which DATA was taken; its newest day if left out.")
@click.option(
    "--newest", type=click.FloatRange(0.01, 1), default=0.25, show_default=True, help="Share of leads that is recent."
)
@as_json
@refusing
def recalibrate(data: Path, home: Path, release: str | None, as_of: date | None, newest: float, as_json: bool) -> None:
    """Move a release's base rate to the newest leads of DATA, its tables untouched, as a new release."""
    try:
        from leadledger.training.runs.recalibration import recalibrate as move
    except ModuleNotFoundError as error:
        raise DataError(f"recalibration needs {error.name}: pip install 'leadledger[train]'") from None
    from leadledger.api.cli.reports import recalibration_text
    from leadledger.models.releases.store import Releases

    releases = Releases(home)
    found = move(releases, data, release=release, as_of=as_of, newest=newest)
    name = found.publish(releases, datetime.now(UTC))
    show({"release": name, **found.to_dict()}) if as_json else click.echo(recalibration_text(found, name, width()))


class Names(click.ParamType[tuple[str, ...]]):
    """Names on the command line, with commas between them."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Split them."""
        return value if isinstance(value, tuple) else tuple(one.strip() for one in value.split(",") if one.strip())


@cli.command()
@click.argument("leads")
@click.option("-o", "--out", help="The file to write; its ending says of which kind.")
@click.option("--where", default="", metavar="CONDITION", help="Only leads of which this is true: 'employees > 50'.")
@click.option("--only", type=Names(), default=(), help="Only these recommendations: promote,ask")
@click.option("--top", type=click.IntRange(min=1), help="Only the best so many, the best first.")
@click.option("--best-first", is_flag=True, help="Sort by points.")
@click.option("--columns", type=Names(), default=(), help="The columns to write, old and new: lead_id,score")
@click.option("--explain", is_flag=True, help="Add the strongest reasons each way, and the questions to ask.")
@click.option("--ledger", type=FILE, help="A file for all entries of all ledgers, one a row.")
@click.option("--rejects", help="The file for rows that can't be read; beside OUT if left out.")
@click.option("--strict", is_flag=True, help="Exit with status 1 if any row is rejected.")
@click.option("--prefix", default="", help="Put this before the names of the new columns.")
@click.option("--table", help="With a PostgreSQL URL: the table or view to score, also schema.table.")
@click.option("--into", help="With a PostgreSQL URL: the table that gets the scores; made if it isn't there.")
@click.option("--key", help="With a PostgreSQL URL: the column that tells rows apart; the card's id if left out.")
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    show_default=True,
    help="What scores a list: DuckDB, within this program, or Apache Spark, on a cluster.",
)
@click.option("--master", help="With --engine spark: its URL, as spark://host:7077; this machine if left out.")
@home
@release
@card_alone
@as_of
@as_json
@refusing
def score(
    leads: str,
    out: str | None,
    where: str,
    only: tuple[str, ...],
    top: int | None,
    best_first: bool,
    columns: tuple[str, ...],
    explain: bool,
    ledger: Path | None,
    rejects: str | None,
    strict: bool,
    prefix: str,
    table: str | None,
    into: str | None,
    key: str | None,
    engine: str,
    master: str | None,
    home: Path,
    release: str | None,
    card: Path | None,
    as_of: date | None,
    as_json: bool,
) -> None:
    """Score the list LEADS into another file; rows that can't be read go to its rejects file.

    LEADS: CSV (any delimiter and encoding), JSON lines, Excel, each also as .gz; Parquet, also a folder or a pattern;
    `-` is standard input. OUT: .csv, .tsv, .jsonl (also .gz), .parquet, .xlsx; `-` is CSV to standard output.

    LEADS may also be postgresql://…, with --table and --into: the server scores, and of its rows only those that can't
    be read come over, for their reasons.

    With --engine spark, a cluster scores LEADS, a file, a folder or a pattern of Parquet or CSV, into the folder OUT,
    and what can't be read goes to a folder beside it.
    """
    if leads.startswith(("postgresql:", "postgres:")):
        given: dict[str, object] = {
            "-o": out,
            "--only": only,
            "--top": top,
            "--best-first": best_first,
            "--columns": columns,
        }
        given |= {"--ledger": ledger, "--rejects": rejects, "--prefix": prefix, "--master": master}
        given |= {"--engine": engine != "duckdb"}
        unfit = [name for name, value in given.items() if value]
        if unfit:
            raise click.UsageError(
                f"{unfit[0]} is for files; a table is scored with --table, --into, --where, --explain"
            )
        if table is None or into is None:
            raise click.UsageError(
                "a table in PostgreSQL needs --table, the leads, and --into, the table for the scores"
            )
        chosen = scorecard(home, release, card)
        _score_table(chosen, leads, table, into, as_of or today(), key, where, explain, strict, as_json)
        return
    if table or into or key:
        raise click.UsageError("--table, --into and --key go with a URL like postgresql://user@host/database")
    if out is None:
        raise click.UsageError("Missing option '-o' / '--out'.")
    if engine == "spark":
        unfit = [name for name, value in (("--top", top), ("--best-first", best_first), ("--ledger", ledger)) if value]
        if unfit:
            raise click.UsageError(f"{unfit[0]} is not for --engine spark, which writes all rows, in no order")
        if "-" in (leads, out):
            raise click.UsageError("--engine spark reads and writes files and folders, and '-' is none")
    elif master is not None:
        raise click.UsageError("--master goes with --engine spark")
    from leadledger.api.cli.reports import list_text
    from leadledger.api.lists.duckdb import score_list
    from leadledger.api.lists.wanted import Wanted

    wanted = Wanted(
        explain=explain,
        prefix=prefix,
        where=where,
        only=only,
        top=top,
        best_first=best_first,
        columns=columns,
        ledger=ledger,
        rejects=rejects,
    )
    chosen = scorecard(home, release, card)
    day = as_of or today()
    if engine == "spark":
        from leadledger.api.lists.spark import score_folder

        with show_steps() as tell:
            found = score_folder(chosen, leads, out, day, wanted, master=master, progress=tell)
    else:
        with show_bar(leads) as drawn:
            found = score_list(chosen, Path(leads), Path(out), day, wanted, progress=drawn)
    said = json.dumps(found.to_dict(), indent=2, ensure_ascii=False) if as_json else list_text(found, width())
    click.echo(said, err=out == "-")
    if strict and found.rejected:
        sys.exit(1)


def _score_table(
    card: Scorecard,
    url: str,
    table: str,
    into: str,
    as_of: date,
    key: str | None,
    where: str,
    explain: bool,
    strict: bool,
    as_json: bool,
) -> None:
    from leadledger.api.cli.reports import table_text
    from leadledger.api.lists.postgres import score_table
    from leadledger.api.lists.wanted import Wanted

    with show_steps() as tell:
        wanted = Wanted(where=where, explain=explain)
        found = score_table(card, url, table, into, as_of, wanted, key=key, progress=tell)
    show(found.to_dict()) if as_json else click.echo(table_text(found, width()))
    if strict and found.rejected:
        sys.exit(1)


@cli.command()
@click.argument("lead", type=FILE)
@click.option("--row", type=click.IntRange(min=1), help="The row of a CSV or Parquet file, from 1.")
@home
@release
@card_alone
@as_of
@as_json
@refusing
def explain(
    lead: Path, row: int | None, home: Path, release: str | None, card: Path | None, as_of: date | None, as_json: bool
) -> None:
    """Show the score of one LEAD as a picture of its ledger.

    LEAD is a JSON file, `-` for JSON on standard input, or a list with --row.
    """
    from leadledger.api.cli.lead_file import read_lead
    from leadledger.scoring.engine.score import score as score_one
    from leadledger.scoring.printers.text import ledger_text

    result = score_one(scorecard(home, release, card), read_lead(lead, row), as_of or today())
    show(result.to_dict()) if as_json else click.echo(ledger_text(result, width()))


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port to listen at.")
@home
@release
@card_alone
@click.option(
    "--log",
    type=click.Choice(["sync", "async", "off"]),
    default="sync",
    show_default=True,
    help="Record each score before its answer leaves, soon after it, or not.",
)
@log_url
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="The processes that answer.")
@click.option("--max-batch", type=click.IntRange(min=1), help="The most leads in one request; 1,000 if left out.")
@click.option("--max-body", type=click.IntRange(min=1), help="The most bytes in one; 2,000,000 if left out.")
@click.option("--max-rate", type=click.IntRange(min=1), help="The most requests a second of one key; 1,000.")
@click.option("--max-waiting", type=click.IntRange(min=1), help="The most requests in work at once; 100.")
@click.option("--max-arrival", type=click.IntRange(min=1), help="Seconds in which a request must have arrived; 10.")
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="The least to log on stderr; info."
)
@refusing
def serve(
    host: str, port: int, workers: int, home: Path, release: str | None, card: Path | None, **others: Any
) -> None:
    """Answer over HTTP: POST /v1/score and /v1/score/batch, the history of scores, and more; see /docs.

    Serves whatever release is the current one: another is picked up without a restart. Without keys, it answers this
    machine only; `leadledger keys add` makes one. Logs JSON lines on stderr.
    """
    from leadledger.api.server.serve import serve as run
    from leadledger.api.service.settings import Settings

    if card is not None and release is not None:
        raise click.UsageError("--card and --release exclude each other; give one of the two")
    given: dict[str, Any] = {name: value for name, value in others.items() if value is not None}
    sys.exit(run(Settings(home=home, release=release, card=card, **given), host, port, workers))


@cli.command()
@click.option(
    "--dialect",
    default="duckdb",
    show_default=True,
    help="The SQL to print: duckdb, postgres, spark, or, untested on the engine, bigquery or snowflake.",
)
@click.option("--from", "--table", "table", default="leads", show_default=True, help="The table to score.")
@click.option("--data", type=FILE, help="Print for the columns of this file, instead of one column a field.")
@click.option("--keep", multiple=True, help="A column to bring along; may be given several times.")
@click.option("--where", default="", metavar="CONDITION", help="Only leads of which this is true.")
@click.option("--ledger", is_flag=True, help="A column for each entry of the ledger, in tenths of points.")
@click.option("--explain", is_flag=True, help="Columns for the strongest reasons each way, and the standard error.")
@home
@release
@card_alone
@as_of
@refusing
def sql(
    dialect: str,
    table: str,
    data: Path | None,
    keep: tuple[str, ...],
    where: str,
    ledger: bool,
    explain: bool,
    home: Path,
    release: str | None,
    card: Path | None,
    as_of: date | None,
) -> None:
    """Print the scorecard as one SQL SELECT."""
    import leadledger

    columns = None
    if data is not None:
        from leadledger.training.sources.opening import open_list
        from leadledger.training.sources.table import connect

        with connect() as connection, open_list(connection, data) as scan:
            columns = dict(scan.columns)
    chosen = scorecard(home, release, card)
    printed = leadledger.to_sql(
        chosen,
        as_of or today(),
        source=table,
        columns=columns,
        keep=keep,
        dialect=dialect,
        where=where,
        ledger=ledger,
        explain=explain,
        plus_minus=explain,
    )
    click.echo(f"{printed};")


@cli.group(invoke_without_command=True)
@home
@as_json
@click.pass_context
@refusing
def releases(context: click.Context, home: Path, as_json: bool) -> None:
    """List the releases; show, use or diff them."""
    from leadledger.api.cli.reports import releases_text
    from leadledger.models.releases.store import Releases

    context.obj = Releases(home)
    if context.invoked_subcommand is None:
        found = context.obj.list()
        show({"releases": [one.to_dict() for one in found]}) if as_json else click.echo(releases_text(found))


@releases.command("show")
@click.argument("name", required=False)
@as_json
@click.pass_context
@refusing
def show_release(context: click.Context, name: str | None, as_json: bool) -> None:
    """Show a release: the whole scorecard with its tables. The current one if NAME is left out."""
    from leadledger.scoring.printers.text import card_text

    if as_json:
        show(context.obj.show(name))
    else:
        click.echo(card_text(context.obj.open(name), width()), nl=False)


@releases.command("use")
@click.argument("name")
@click.pass_context
@refusing
def use_release(context: click.Context, name: str) -> None:
    """Make release NAME the current one."""
    context.obj.use(name)
    click.echo(f"{name} is the current release")


@releases.command("diff")
@click.argument("old")
@click.argument("new")
@as_json
@click.pass_context
@refusing
def diff_releases(context: click.Context, old: str, new: str, as_json: bool) -> None:
    """Show which rules and which bins moved from release OLD to NEW, and by how many points."""
    from leadledger.models.releases.diff_text import diff_text

    found = context.obj.diff(old, new)
    show(found.to_dict()) if as_json else click.echo(diff_text(found, width()))


@cli.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.argument("history", type=FILE)
@click.option("-o", "--out", type=FILE, help="A CSV file for the leads that change.")
@home
@release
@click.option("--rules-alone", is_flag=True, help="Rules as declared: apply nothing that a release has learned.")
@click.option("--as-of", type=Day(), help="The day on which HISTORY was taken; its newest day if left out.")
@as_json
@refusing
def backtest(
    old: Path,
    new: Path,
    history: Path,
    out: Path | None,
    home: Path,
    release: str | None,
    rules_alone: bool,
    as_of: date | None,
    as_json: bool,
) -> None:
    """Say what the card NEW would have done otherwise than the card OLD on the past leads of HISTORY.

    What the current release has learned is applied to both, if it is a release of the same card.
    """
    try:
        from leadledger.training.evidence.backtesting import backtest as try_out
        from leadledger.training.evidence.backtesting import learned_for
        from leadledger.training.evidence.backtesting_text import backtest_text
    except ModuleNotFoundError as error:
        raise DataError(f"a back-test needs {error.name}: pip install 'leadledger[train]'") from None
    from leadledger.models.releases.store import Releases
    from leadledger.scoring.card.reader import read_card

    if rules_alone and release is not None:
        raise click.UsageError("--rules-alone and --release exclude each other; give one of the two")
    written = read_card(old)
    chosen = None if rules_alone else learned_for(written, Releases(home), release)
    with show_steps() as tell:
        found = try_out(
            written,
            new,
            history,
            as_of=as_of,
            learned=chosen.learned if chosen else None,
            release=chosen.release if chosen else "",
            progress=tell,
        )
    if out is not None:
        found.write(out)
    if as_json:
        show({"changes": out and str(out), **found.to_dict()})
    else:
        click.echo(backtest_text(found, width()))
        if out is not None:
            click.echo(f"The leads that change: {out}")


@cli.command()
@click.option("--folder", type=FILE, default=Path("leadledger-demo"), show_default=True, help="Where to put its files.")
@click.option(
    "--leads", type=click.IntRange(500, 1_000_000), default=20_000, show_default=True, help="Leads to simulate."
)
@refusing
def demo(folder: Path, leads: int) -> None:
    """Train on a simulated history, score a list and explain a lead: the whole tour, with the commands to repeat it."""
    from leadledger.api.cli.demo import run

    run(folder, leads, width())


if __name__ == "__main__":
    main()

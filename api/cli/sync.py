"""`leadledger sync SYSTEM`: what changed in a CRM is scored into the book, and what moved is written back."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from leadledger.api.cli.log import open_log
from leadledger.api.cli.options import FILE, ScorecardSource, as_json, as_of, log_url, scorecard_source, today
from leadledger.api.cli.printing import count, report, show_controls, width, wrap
from leadledger.api.cli.progress import show_steps
from leadledger.api.sync.connectors import CONNECTORS
from leadledger.api.sync.settings import ConnectorKind, SyncSetting
from leadledger.scoring.errors import ScoringError, SyncError

if TYPE_CHECKING:
    from leadledger.api.sync.connector import Connector
    from leadledger.api.sync.report import SyncReport, ValueChange
    from leadledger.api.sync.verify import Verification

Decorator: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Interval(click.ParamType[int]):
    """An interval on the command line, in seconds: 30s, 5m, 1h."""

    name = "interval"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it, or refuse it as wrong usage."""
        if isinstance(value, int):
            return value
        match = re.fullmatch("([1-9][0-9]{0,4})([smhd])", value)
        if match is None:
            self.fail(f"{value!r} is not an interval; write it like 5m, 30s or 1h", param, ctx)
        return int(match[1]) * _SECONDS[match[2]]


@click.group()
@scorecard_source
@log_url
@as_json
def sync(source: ScorecardSource, log_url: str | None, as_json: bool) -> None:
    """Sync with a CRM: score what changed, write back what moved.

    A run reads the records that changed since the last one, scores them into the log and the book, and writes to each
    record those properties whose values moved. Secrets come from the environment, or from a file that only you can
    read.
    """


def _make_command(kind: ConnectorKind) -> click.Command:
    """The command that syncs a system, with the options of its settings."""
    plain = [setting for setting in kind.settings if not setting.is_secret]

    def call(**values: Any) -> None:
        options = {setting.name: values.pop(setting.name) for setting in plain}
        _sync(kind, options, **values)

    secrets = ", ".join(kind.name_variable(setting) for setting in kind.settings if setting.is_secret)
    call.__doc__ = (
        f"Sync with {kind.title}.\n\n    Its secrets are in {secrets}; docs/sync.md tells where to find them.\n    "
    )
    command: Callable[..., Any] = call
    decorators: list[Decorator] = [as_json, as_of, log_url, scorecard_source, *reversed(_OWN)]
    for decorate in (*decorators, *map(_make_option, reversed(plain))):
        command = decorate(command)
    return click.command(kind.system)(command)


def _make_option(setting: SyncSetting) -> Decorator:
    default = f" (default {setting.default})" if setting.default else ""
    metavar = setting.name.upper() if not setting.choices else None
    return click.option(
        f"--{setting.name.replace('_', '-')}",
        type=click.Choice(setting.choices) if setting.choices else None,
        metavar=metavar,
        help=f"{setting.help[:1].upper()}{setting.help[1:]}{default}.",
    )


_OWN: tuple[Decorator, ...] = (
    click.option(
        "--secret-file", type=FILE, help="File with the secrets, as NAME=value, which only you can read (mode 0600)."
    ),
    click.option("--every", type=Interval(), help="Sync again and again, so long after another: 5m, 1h."),
    click.option("--dry-run", is_flag=True, help="Write nothing anywhere; list what would be written."),
    click.option("--verify", is_flag=True, help="Write nothing; list where the CRM holds other values than the book."),
    click.option("--fields", is_flag=True, help="Make the properties that results are written to; do nothing else."),
    click.option("--whole", is_flag=True, help="Read every record, also those that didn't change."),
    click.option("--rewrite", is_flag=True, help="Write every property, also those that didn't move."),
    click.option("--take-over", is_flag=True, help="Write to properties that already hold values of somebody else."),
    click.option("--accept-missing", is_flag=True, help="Score records without properties that they had before."),
)


def _sync(
    kind: ConnectorKind,
    options: Mapping[str, str | None],
    secret_file: Path | None,
    every: int | None,
    dry_run: bool,
    verify: bool,
    fields: bool,
    whole: bool,
    rewrite: bool,
    take_over: bool,
    accept_missing: bool,
    as_of: date | None,
    source: ScorecardSource,
    log_url: str | None,
    as_json: bool,
) -> None:
    from leadledger.api.sync.sync_run import SyncOptions, run_sync

    modes = [name for name, flag in (("dry-run", dry_run), ("verify", verify), ("fields", fields)) if flag]
    if len(modes) > 1 or (every is not None and modes):
        listed = [*modes, *(["every"] if every is not None else [])]
        raise click.UsageError(f"{' and '.join(f'--{name}' for name in listed)} exclude each other; give one of them")
    settings = kind.gather(options, os.environ, secret_file)
    name = kind.name_account(settings)
    if fields:
        _make_fields(kind, settings, source, as_json)
        return
    if verify:
        _verify(kind, settings, source, log_url, as_json)
        return

    def run_once() -> SyncReport:
        loaded = source.load()  # anew each time: another release may be the current one
        now = today(loaded.card.card.time_zone)
        if as_of is not None and as_of > now:
            raise click.UsageError(f"--as-of {as_of} lies ahead; a sync scores as of today or an earlier day")
        sync_options = SyncOptions(as_of or now, dry_run, whole, take_over, accept_missing, rewrite)
        with ExitStack() as stack:
            log = stack.enter_context(open_log(source.home, _choose_log(source.home, log_url, dry_run)))
            connector = stack.enter_context(_open_connector(kind, settings))
            step = stack.enter_context(show_steps())
            return run_sync(log, loaded, source.home, connector, name, sync_options, step)

    if every is None:
        done = run_once()
        report(as_json, done.to_dict(), "\n".join(_list_lines(kind, done)))
        return
    _repeat(run_once, every, lambda done: report(as_json, done.to_dict(), "\n".join(_list_lines(kind, done))))


def _repeat(run_once: Callable[[], SyncReport], every: int, show: Callable[[SyncReport], None]) -> None:
    """Sync until a signal ends it. The reason of a run that fails goes to stderr; the next run goes on from there."""
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.set())
    while not ending.is_set():
        try:
            done = run_once()
        except ScoringError as error:
            click.echo(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z {show_controls(str(error))}", err=True)
        else:
            show(done)
        ending.wait(every)


@contextmanager
def _open_connector(kind: ConnectorKind, settings: Mapping[str, str]) -> Iterator[Connector]:
    connector = kind.open(settings)
    try:
        yield connector
    finally:
        connector.close()


def _choose_log(home: Path, log_url: str | None, is_dry: bool) -> str | None:
    """The address of the log; of a dry run without a log, one in memory, so that none is made."""
    if is_dry and log_url is None:
        from leadledger.api.log.database import LOG_FILE

        if not (home / LOG_FILE).exists():
            return "sqlite://"
    return log_url


def _make_fields(kind: ConnectorKind, settings: Mapping[str, str], source: ScorecardSource, as_json: bool) -> None:
    from leadledger.api.sync.account import list_property_kinds

    kinds = list_property_kinds(source.load().reader.reply_for(kind.system))
    with _open_connector(kind, settings) as connector:
        account = connector.check()
        missing = {name: kinds[name] for name in connector.find_missing_properties(kinds)}
        if missing:
            try:
                connector.make_properties(missing)
            except NotImplementedError:
                raise SyncError(
                    f"{kind.title} lets no program make properties; an administrator makes them there:"
                    f" {', '.join(f'{name} ({of_kind})' for name, of_kind in missing.items())}"
                ) from None
    made = f"made: {', '.join(missing)}" if missing else f"all {len(kinds)} were there already"
    report(
        as_json, {"account": account, "made": list(missing)}, wrap([f"Properties of {kind.title} {account}: {made}"])
    )


def _verify(
    kind: ConnectorKind, settings: Mapping[str, str], source: ScorecardSource, log_url: str | None, as_json: bool
) -> None:
    """Compare, and end with status 1 where the CRM differs."""
    from leadledger.api.sync.account import SyncAccount
    from leadledger.api.sync.report import SyncReport
    from leadledger.api.sync.verify import verify_account

    loaded, name = source.load(), kind.name_account(settings)
    day = today(loaded.card.card.time_zone)
    with (
        open_log(source.home, _choose_log(source.home, log_url, True)) as log,
        _open_connector(kind, settings) as connector,
    ):
        account = SyncAccount(name, connector, log, loaded, source.home, day, SyncReport(name))
        done = verify_account(account)
    report(as_json, done.to_dict(), "\n".join(_list_differences(kind, done)))
    if done.differing:
        click.get_current_context().exit(1)


def _list_differences(kind: ConnectorKind, done: Verification) -> Iterator[str]:
    """Where a CRM differs, for the terminal."""
    holds = "all hold what was written"
    if done.differing:
        verb = "holds" if done.differing == 1 else "hold"
        holds = f"{done.differing:,} {verb} other values; a sync with --rewrite writes all again"
    lines = [f"{kind.title} {done.account}: {count(done.records, 'record')} compared, {holds}"]
    if done.waiting:
        lines.append(f"{count(done.waiting, 'record')} with a newer score, which the next sync writes")
    if done.absent:
        lines.append(f"{count(done.absent, 'record')} no longer there, which the next sync takes out of the book")
    yield wrap(lines)
    if done.differences:
        yield ""
        yield from list_changes(done.differences, len(done.differences), "written")


def _list_lines(kind: ConnectorKind, done: SyncReport) -> Iterator[str]:
    """What became of a sync, for the terminal."""
    if done.is_busy:
        yield wrap([f"Another sync of {done.system} is at work; nothing was done."])
        return
    yield wrap(_list_pulled(kind, done))
    if done.changes and done.is_dry:
        yield ""
        yield from list_changes(done.changes, done.properties)
    yield wrap(_list_written(done))


def _list_pulled(kind: ConnectorKind, done: SyncReport) -> Iterator[str]:
    what = "records" if done.is_whole else "changes"
    yield f"{kind.title} {done.account}: {done.read:,} {what} read with {count(done.calls, 'call')}"
    scored = f"{done.scored:,} {'would be scored' if done.is_dry else 'scored'}"
    rest = f", {done.unchanged:,} as they were" if done.unchanged else ""
    decisions = f"; decisions that changed: {done.decisions:,}" if done.decisions else ""
    yield f"{scored}{rest}{decisions}"
    if done.events or done.skipped_events:
        skipped = f"; {done.skipped_events:,} left out, of unknown records or kinds" if done.skipped_events else ""
        yield f"{count(done.events, 'activity').replace('activitys', 'activities')} stored as events{skipped}"
    if done.deleted or done.merged:
        yield f"Gone from the CRM: {done.deleted:,} deleted, {done.merged:,} merged; their leads left the book"
    if done.thin:
        yield (
            f"{count(done.thin, 'record')} left alone, without properties that they had before:"
            f" {', '.join(sorted(done.given_up))}. Give the access the right to read them; if they are gone for good,"
            " run the sync once with --accept-missing."
        )
    if done.foreign:
        yield f"{count(done.foreign, 'record')} left alone: they are of another kind than was asked for"
    if done.unreadable:
        yield f"{count(done.unreadable, 'record')} left alone: they can't be read"
    yield from done.notes
    for record_id, problem in done.problems:
        yield f"  record {record_id}: {problem}"


def _list_written(done: SyncReport) -> Iterator[str]:
    if done.missing:
        yield f"Properties that don't exist yet: {', '.join(done.missing)}; --fields makes them"
    if not done.written:
        yield "Nothing would be written back" if done.is_dry else "Nothing to write back"
    else:
        verb = "Would be written back" if done.is_dry else "Written back"
        yield f"{verb}: {count(done.written, 'record')}, {count(done.properties, 'property').replace('ys', 'ies')}"
    if done.retried:
        yield f"{count(done.retried, 'record')} not written this time; the next run tries again"
    if done.refused:
        yield f"{count(done.refused, 'record')} refused by the CRM; each waits for its next score"
    if done.lost:
        yield f"{count(done.lost, 'record')} left as they are: the release that scored them is gone; run rescore"


def list_changes(changes: list[ValueChange], total: int, last_column: str = "then") -> Iterator[str]:
    """A table of changes that fits the terminal; `total` counts those that it leaves out, too."""
    columns = [("record", 14), ("property", 28), ("now", 14)]
    last = width() - sum(size + 2 for _, size in columns)
    yield "  ".join([*(f"{name:<{size}}" for name, size in columns), last_column])
    for change in changes:
        # Of a custom field of BottleCRM its own name, without that of the object that holds it.
        texts = [change.id, change.property.rpartition(".")[2], change.now, change.then]
        sizes = [*(size for _, size in columns), last]
        yield "  ".join(f"{_fit(text, size):<{size}}" for text, size in zip(texts, sizes, strict=True)).rstrip()
    if total > len(changes):
        yield f"… and {total - len(changes):,} more"


def _fit(value: Any, size: int) -> str:
    text = "" if value is None else " ".join(show_controls(str(value)).split())
    return text if len(text) <= size else f"{text[: size - 1]}…"


for _kind in CONNECTORS.values():
    sync.add_command(_make_command(_kind))

"""`leadledger hooks`: which systems get decisions, and which messages could not be delivered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadledger.api.cli.log import open_log
from leadledger.api.cli.options import Command, as_json, home, log_url
from leadledger.api.cli.printing import count, report
from leadledger.scoring.errors import HookError

if TYPE_CHECKING:
    from leadledger.api.hooks.delivery_queue import DeliveryRow
    from leadledger.api.hooks.subscriptions import Subscription, Subscriptions

MOST_DEAD_LISTED = 1000
hook = click.argument("hook", metavar="ID")
to_loopback = click.option(
    "--to-loopback", is_flag=True, help="Allow addresses of this machine, also without TLS: for tests."
)


def shared(command: Command) -> Command:
    """The options that all these commands share."""
    return home(log_url(as_json(command)))


@click.group(invoke_without_command=True)
@shared
@click.pass_context
def hooks(context: click.Context, home: Path, log_url: str | None, as_json: bool) -> None:
    """List subscriptions to decisions; add, test or remove one."""
    if context.invoked_subcommand is not None:
        return
    with _open_subscriptions(home, log_url) as subscriptions:
        kept = subscriptions.list_all(_read_clock())
    report(as_json, {"hooks": [known.to_dict() for known in kept]}, _list_text(kept))


@hooks.command("add")
@click.argument("url")
@click.option(
    "--kind", "kinds", multiple=True, help="A kind of message, such as lead.promoted; repeatable; all if left out."
)
@to_loopback
@shared
def add_hook(
    url: str, kinds: tuple[str, ...], to_loopback: bool, home: Path, log_url: str | None, as_json: bool
) -> None:
    """Send messages to URL from now on, and print their secret.

    It is not shown again: the receiver needs it to verify what it gets.
    """
    with _open_subscriptions(home, log_url) as subscriptions:
        known, secret = subscriptions.add(url, kinds, "", _read_clock(), to_loopback)
    report(as_json, {**known.to_dict(), "secret": secret}, secret)
    if not as_json:
        click.echo(f"Subscription {known.id} gets: {', '.join(known.kinds)}. Its secret is not shown again.", err=True)


@hooks.command("remove")
@hook
@shared
def remove_hook(hook: str, home: Path, log_url: str | None, as_json: bool) -> None:
    """End a subscription; what waits for it is dropped."""
    with _open_subscriptions(home, log_url) as subscriptions:
        subscriptions.remove(hook)
    report(as_json, {"id": hook}, f"Subscription {hook} is removed.")


@hooks.command("test")
@hook
@to_loopback
@shared
def send_test_message(hook: str, to_loopback: bool, home: Path, log_url: str | None, as_json: bool) -> None:
    """Send a test message now; exit status 1 where it fails.

    Where the receiver takes it, a disabled subscription is active again.
    """
    import asyncio

    from leadledger.api.hooks.sender import Sender
    from leadledger.api.hooks.testing import send_test

    with _open_subscriptions(home, log_url) as subscriptions:
        target = subscriptions.read_target(hook, _read_clock())
        answer = asyncio.run(send_test(Sender(to_loopback), hook, target))
        if answer.is_delivered:
            subscriptions.enable(hook)
    milliseconds = round(answer.seconds * 1000, 1)
    data = {"delivered": answer.is_delivered, "status": answer.status, "problem": answer.problem, "ms": milliseconds}
    done = f"Delivered: the answer was {answer.status}, after {milliseconds:.0f} ms."
    report(as_json, data, done if answer.is_delivered else f"Not delivered: {answer.problem}.")
    if not answer.is_delivered:
        click.get_current_context().exit(1)


@hooks.command("rotate")
@hook
@click.option(
    "--keep-hours",
    type=click.IntRange(0, 720),
    default=24,
    show_default=True,
    help="How long the old secret signs along.",
)
@click.option("--end-old", is_flag=True, help="Make no new secret; end the old ones now.")
@shared
def rotate_hook(hook: str, keep_hours: int, end_old: bool, home: Path, log_url: str | None, as_json: bool) -> None:
    """Make a new secret and print it; the old one signs along."""
    with _open_subscriptions(home, log_url) as subscriptions:
        if end_old:
            ended = subscriptions.end_old_secrets(hook, _read_clock())
            report(as_json, ended.to_dict(), f"Only the newest secret of {hook} signs from now on.")
            return
        known, secret = subscriptions.rotate(hook, keep_hours, _read_clock())
    report(as_json, {**known.to_dict(), "secret": secret}, secret)
    if not as_json:
        until = f"until {known.old_secret_until[:16]}Z" if known.old_secret_until else "no longer"
        click.echo(f"The old secret of {hook} signs along {until}. The new one is not shown again.", err=True)


@hooks.command("dead")
@hook
@shared
def list_dead(hook: str, home: Path, log_url: str | None, as_json: bool) -> None:
    """List the messages that could not be delivered, newest first."""
    from leadledger.api.hooks.delivery_queue import DeliveryQueue
    from leadledger.api.log.outbox import DEAD

    with _open_subscriptions(home, log_url) as subscriptions:
        subscriptions.read(hook, _read_clock())
        rows = DeliveryQueue(subscriptions.engine).list_deliveries(hook, DEAD, MOST_DEAD_LISTED) or []
    report(as_json, {"deliveries": [row._asdict() for row in rows]}, _dead_text(rows))


@hooks.command("resend")
@hook
@click.option("--message", default="", metavar="ID", help="Only this message; all dead ones if left out.")
@shared
def resend_dead(hook: str, message: str, home: Path, log_url: str | None, as_json: bool) -> None:
    """Send dead messages again, under their ids."""
    from leadledger.api.hooks.delivery_queue import DeliveryQueue
    from leadledger.api.log.outbox import DISABLED

    with _open_subscriptions(home, log_url) as subscriptions:
        known = subscriptions.read(hook, _read_clock())
        if known.state == DISABLED:
            raise HookError(
                f"{hook} is disabled: {known.problem}. A test that its receiver takes makes it active again:"
                f" `leadledger hooks test {hook}`"
            )
        resent = DeliveryQueue(subscriptions.engine).send_again(hook, _read_clock(), message)
    if message and not resent:
        raise HookError(f"no dead message of {hook} has the id {message!r}; `leadledger hooks dead {hook}` lists them")
    report(as_json, {"resent": resent}, f"{count(resent, 'message')} will be sent again.")


@hooks.command("deliver")
@to_loopback
@shared
def deliver_messages(to_loopback: bool, home: Path, log_url: str | None, as_json: bool) -> None:
    """Deliver what is due, and end. A running service does so by itself."""
    import asyncio

    from leadledger.api.hooks.delivery import Deliverer
    from leadledger.api.hooks.delivery_queue import DeliveryQueue
    from leadledger.api.hooks.sender import Sender

    outcomes: Counter[str] = Counter()
    with open_log(home, log_url) as store:
        queue = DeliveryQueue(store.engine)
        deliverer = Deliverer(queue, Sender(to_loopback), lambda attempt: outcomes.update([attempt.outcome]))
        asyncio.run(deliverer.drain())
        waiting, next_due = queue.count_waiting(), queue.find_next()
    data: dict[str, Any] = {name: outcomes[name] for name in ("delivered", "failed", "dead")}
    text = f"Delivered: {data['delivered']:,}. Failed, to be tried again: {data['failed']:,}. Dead: {data['dead']:,}."
    if waiting and next_due:
        text += f" Waiting: {waiting:,}, the next from {next_due:%Y-%m-%d %H:%M:%S} UTC."
    report(as_json, {**data, "waiting": waiting, "next": next_due and next_due.isoformat()}, text)


@contextmanager
def _open_subscriptions(home: Path, log_url: str | None) -> Iterator[Subscriptions]:
    from leadledger.api.hooks.subscriptions import Subscriptions

    with open_log(home, log_url) as store:
        yield Subscriptions(store.engine)


def _read_clock() -> datetime:
    return datetime.now(UTC)


def _list_text(kept: Sequence[Subscription]) -> str:
    """The subscriptions, newest last: id, state, URL and kinds; never a secret."""
    if not kept:
        return "There are no subscriptions yet; add one with `leadledger hooks add URL`."
    lines = []
    for known in kept:
        lines.append(f"{known.id}  {known.state:8}  {known.url}")
        lines.append(f"    {', '.join(known.kinds)}" + (f"; {known.problem}" if known.problem else ""))
    return "\n".join(lines)


def _dead_text(rows: Sequence[DeliveryRow]) -> str:
    if not rows:
        return "Every message was delivered, or waits to be."
    return "\n".join(f"{row.message_id}  {row.due[:16]}Z  {row.kind:18}  {row.problem}" for row in rows)

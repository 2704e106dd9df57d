"""`leadledger digest`: the day's list as the body of a mail."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.options import ScorecardSource, as_of, log_url, scorecard_source, today
from leadledger.api.cli.printing import file_name
from leadledger.scoring.errors import DataError

if TYPE_CHECKING:
    from leadledger.api.digest.contents import Digest
    from leadledger.api.service.settings import Settings

MOST_LEADS = 20  # of a part; programs for mail cut what is longer than 100 kB
USUAL_LEADS = 5


@click.command()
@click.option("--owner", metavar="NAME", help="Only the leads of this owner; '' for leads without one.")
@click.option("--url", default="", metavar="URL", help="Address of the service, to link leads to its desk.")
@click.option("--text", "is_text", is_flag=True, help="Write the plain text that goes beside the HTML.")
@click.option(
    "--leads",
    "most",
    type=click.IntRange(1, MOST_LEADS),
    default=USUAL_LEADS,
    show_default=True,
    help="How many leads each part names.",
)
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write, else it is printed.")
@scorecard_source
@log_url
@as_of
def digest(
    owner: str | None,
    url: str,
    is_text: bool,
    most: int,
    out: Path | None,
    source: ScorecardSource,
    log_url: str | None,
    as_of: date | None,
) -> None:
    """Write the day's list as a mail: whom to call, and why.

    The body of it, in HTML or as plain text: what to ask, who is new above the threshold since the last working day,
    who is about to leave it, and who waits for an answer. All is read in the book; sending the mail is yours.
    """
    from leadledger.api.digest.rendering import check_url, write_html, write_text
    from leadledger.api.service.settings import Settings

    address = check_url(url) if url else ""
    settings = Settings(home=source.home, release=source.release, card=source.card, log_url=log_url)
    mail = _make_digest(settings, as_of, owner, most)
    body = write_text(mail, address) if is_text else write_html(mail, address)
    if out is None:
        click.echo(body, nl=False)
        return
    try:
        out.write_text(body, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{out}: can't be written: {error.strerror}") from None
    click.echo(f"{mail.title}: written to {file_name(out)}")


def _make_digest(settings: Settings, as_of: date | None, owner: str | None, most: int) -> Digest:
    """The mail of a day; today, in the card's time zone, where that is None. Raises ScoringError."""
    import asyncio

    from leadledger.api.digest.contents import make_digest
    from leadledger.api.requests.mistakes import Refusal
    from leadledger.api.service.program_log import ProgramLog
    from leadledger.api.service.service import open_service

    service = open_service(settings, ProgramLog("error"))

    async def make() -> Digest:
        async with service.running(has_duties=False):
            return await make_digest(service, as_of or today(service.loaded.card.card.time_zone), owner, most)

    try:
        return asyncio.run(make())
    except Refusal as refusal:
        raise DataError(refusal.detail) from None

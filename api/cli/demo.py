"""`leadledger demo`: the whole tour on a simulated history, each step with the command that repeats it.

The card is a copy of an example, so that it can be changed: its leads have owners, and a promotion is worth its cost,
since no promise of a precision can be proven on a history that trains within a minute.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click

from leadledger.api.cli.check import cases_text
from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.api.cli.extras import training_imports
from leadledger.api.cli.options import FILE
from leadledger.api.cli.printing import count, width
from leadledger.api.cli.progress import show_steps
from leadledger.api.cli.score import list_text
from leadledger.scoring.errors import DataError

if TYPE_CHECKING:
    from leadledger.scoring.scorecard import Scorecard

USUAL_LEADS = 2_000  # of the history
BOOK_LEADS = 1_200  # that are known
EVENT_MEMBERS = ("kind", "time", "id", "source", "received")
# A promotion costs half of what it brings: one in two of those promoted is to become an opportunity.
CARD_CHANGES = {
    "  company: {": "  owner: {kind: text, learn: no} # who works on it\n  company: {",
    "    probability: {precision: 0.70, confidence: 0.90} #": "    value: {won: 20000, cost: 10000} # EUR; without it:",
}
BAD_ROWS = 3  # rows of the list that can't be read, to show where they go


@dataclass(frozen=True)
class _Tour:
    """The files of the tour, all in one folder."""

    folder: Path
    today: date

    @property
    def card(self) -> Path:
        return self.folder / "card.yaml"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def history(self) -> Path:
        return self.folder / "history.csv"

    @property
    def events(self) -> Path:
        return self.folder / "events.csv"

    @property
    def open_leads(self) -> Path:
        return self.folder / "open-leads.csv"

    @property
    def open_events(self) -> Path:
        return self.folder / "open-events.csv"

    @property
    def scored(self) -> Path:
        return self.folder / "scored.csv"

    @property
    def options(self) -> str:
        return f"--home {self.home} --as-of {self.today}"


@click.command()
@click.option("--folder", type=FILE, default=Path("leadledger-demo"), show_default=True, help="Folder for its files.")
@click.option(
    "--leads", type=click.IntRange(500, 1_000_000), default=USUAL_LEADS, show_default=True, help="Leads to simulate."
)
def demo(folder: Path, leads: int) -> None:
    """Take the tour: train, score, explain, fill a desk.

    Everything is learned from a simulated history. Each step shows the command that repeats it.
    """
    tour = _Tour(folder, datetime.now(UTC).date())
    with training_imports("the demo"):
        simulator = load_simulator()
    folder.mkdir(parents=True, exist_ok=True)
    write_card(find_examples() / "b2b-software" / "card-with-events.yaml", tour.card)
    _simulate(tour, simulator, leads)
    _check(tour)
    scorecard = _train(tour)
    _score(tour, scorecard)
    _explain(tour, scorecard)
    _fill_book(tour, simulator)
    _step(7, "To serve it over HTTP", f"leadledger serve --home {tour.home}")
    click.echo("curl -s http://127.0.0.1:8000/v1/score -H 'content-type: application/json' \\")
    click.echo("""  -d '{"lead": {"need": "urgent", "budget": 25000, "decision_role": "decider"}}'""")
    click.echo(f"\nEverything is in {folder}; the card is {tour.card}. Change a rule, and run step 3 again.")
    click.echo("Run step 7, and look at the desk: http://127.0.0.1:8000/desk")


def _step(number: int, title: str, command: str = "") -> None:
    click.echo(f"\n{number}. {title}")
    if command:
        click.echo(f"   $ {command}")
    click.echo("")


def _simulate(tour: _Tour, simulator: ModuleType, leads: int) -> None:
    _step(1, f"A simulated history of {leads:,} leads, and a list of new ones")
    until = tour.today - timedelta(days=1)
    past = simulator.simulate_events(leads, seed=7, until=until)
    new = simulator.open_events(max(500, leads // 10), seed=8, until=until, bad=BAD_ROWS)
    for world, rows, events in ((past, tour.history, tour.events), (new, tour.open_leads, tour.open_events)):
        simulator.write(world.leads, rows)
        simulator.write_events(world.events, events)
    click.echo(f"{tour.history}, {tour.open_leads}; what they did: {tour.events}, {tour.open_events}")


def _check(tour: _Tour) -> None:
    from leadledger.api.lists.card_cases import find_case_failures
    from leadledger.scoring.card.reader import read_card

    _step(2, "The card, checked", f"leadledger check {tour.card}")
    card = read_card(tour.card)
    click.echo(f"{count(card.count_rules(), 'rule')}; {cases_text(card, find_case_failures(card))}")


def _train(tour: _Tour) -> Scorecard:
    with training_imports("the demo"):
        from leadledger.training.runs.train import train
        from leadledger.training.runs.train_text import training_text
    from leadledger.models.releases.store import Releases

    command = f"leadledger train {tour.card} {tour.history} --events {tour.events} --home {tour.home}"
    _step(3, "Training", command)
    with show_steps() as show_step:
        training = train(tour.card, tour.history, events=tour.events, progress=show_step)
    releases = Releases(tour.home)
    name = training.publish(releases, datetime.now(UTC))
    click.echo(training_text(training, name, current=True, width=width()))
    click.echo(f"The whole report, for a browser: {releases.path(name, 'report.html')}")
    return releases.open()


def _score(tour: _Tour, scorecard: Scorecard) -> None:
    from leadledger.api.lists.duckdb import score_list
    from leadledger.api.lists.wanted import Wanted

    files = f"{tour.open_leads} --events {tour.open_events} -o {tour.scored}"
    command = f"leadledger score {files} --explain {tour.options}"
    _step(4, "The list, scored", command)
    wanted = Wanted(explain=True, events=tour.open_events)
    click.echo(list_text(score_list(scorecard, tour.open_leads, tour.scored, tour.today, wanted)))


def _explain(tour: _Tour, scorecard: Scorecard) -> None:
    from leadledger.scoring.engine.score import score
    from leadledger.scoring.printers.text import ledger_text

    lead = _pick_example(tour.scored)
    events = _read_events(tour.open_events, lead["lead_id"])
    path = tour.folder / "lead.json"
    body = {"lead": lead, "events": events}
    path.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", "utf-8")
    _step(5, "One lead, explained", f"leadledger explain {path} {tour.options}")
    click.echo(ledger_text(score(scorecard, lead, tour.today, events), width()))


def _fill_book(tour: _Tour, simulator: ModuleType) -> None:
    from leadledger.api.cli.demo_book import fill_book

    _step(6, "The book: leads that a sales team has worked with for three weeks")
    book = fill_book(tour.home, simulator, BOOK_LEADS, tour.today)
    click.echo(f"{count(book.leads, 'lead')} with what they did, of which {book.calls:,} are to be called today")


def _pick_example(scored: Path) -> dict[str, str]:
    """A lead worth showing: one to ask about, near the top, without what scoring added."""
    from leadledger.scoring import outputs
    from leadledger.training.sources.table import connect, read_list

    columns = (
        *(*outputs.SCORE_COLUMNS, *outputs.AXIS_COLUMNS, *outputs.ADVICE_COLUMNS),
        *(outputs.PLUS_MINUS, *outputs.REASON_COLUMNS),
    )
    added = ", ".join([*outputs.list_names((*columns, outputs.QUESTIONS)), '"ll:row"'])
    with connect() as connection:
        source = read_list(connection, scored)
        rows = connection.execute(
            f"SELECT * EXCLUDE ({added}) FROM {source.table}"
            " ORDER BY recommendation <> 'ask', CAST(points AS DOUBLE) DESC, \"ll:row\" LIMIT 1 OFFSET 5"
        )
        names = [column[0] for column in rows.description or ()]
        ((*values,),) = rows.fetchall()
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _read_events(path: Path, lead: str) -> list[dict[str, Any]]:
    """What a lead did, as it stands beside the lead in a request."""
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute("SELECT * FROM read_csv(?, all_varchar = true) WHERE lead = ?", [str(path), lead])
        names = [column[0] for column in rows.description or ()]
        records = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    events = []
    for record in records:
        known = {name: value for name, value in record.items() if value is not None and name not in ("lead", "cookie")}
        own = {name: known.pop(name) for name in EVENT_MEMBERS if name in known}
        events.append({**own, "properties": known})
    return events


def write_card(example: Path, path: Path) -> None:
    """Write the card of the demo: that of an example with owners, and with a promotion that is to pay."""
    text = example.read_text("utf-8")
    for before, after in CARD_CHANGES.items():
        if before not in text:
            raise DataError(f"{example} isn't the example that the demo knows: it has no '{before}'")
        text = text.replace(before, after, 1)
    path.write_text(text, "utf-8")

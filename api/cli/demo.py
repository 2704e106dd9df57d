"""`leadledger demo`: the whole tour on a simulated history, each step with the command that repeats it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.check import cases_text
from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.api.cli.extras import training_imports
from leadledger.api.cli.options import FILE
from leadledger.api.cli.printing import count, width
from leadledger.api.cli.progress import show_steps
from leadledger.api.cli.score import list_text

if TYPE_CHECKING:
    from leadledger.scoring.scorecard import Scorecard

UNTIL = date(2026, 6, 30)  # the day on which the simulated history ends
DAY = UNTIL + timedelta(days=1)  # the day of scoring
BAD_ROWS = 3  # rows of the list that can't be read, to show where they go


@dataclass(frozen=True)
class _Tour:
    """The files of the tour, all in one folder."""

    folder: Path
    card: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def history(self) -> Path:
        return self.folder / "history.csv"

    @property
    def open_leads(self) -> Path:
        return self.folder / "open-leads.csv"

    @property
    def scored(self) -> Path:
        return self.folder / "scored.csv"

    @property
    def options(self) -> str:
        return f"--home {self.home} --as-of {DAY}"


@click.command()
@click.option("--folder", type=FILE, default=Path("leadledger-demo"), show_default=True, help="Folder for its files.")
@click.option(
    "--leads", type=click.IntRange(500, 1_000_000), default=20_000, show_default=True, help="Leads to simulate."
)
def demo(folder: Path, leads: int) -> None:
    """Take the tour: train, score a list, explain a lead.

    Everything is learned from a simulated history. Each step shows the command that repeats it.
    """
    tour = _Tour(folder, find_examples() / "b2b-software" / "card.yaml")
    with training_imports("the demo"):
        simulator = load_simulator()
    folder.mkdir(parents=True, exist_ok=True)
    _simulate(tour, simulator, leads)
    _check(tour)
    scorecard = _train(tour)
    _score(tour, scorecard)
    _explain(tour, scorecard)
    _step(6, "To serve it over HTTP", f"leadledger serve --home {tour.home}")
    click.echo("curl -s http://127.0.0.1:8000/v1/score -H 'content-type: application/json' \\")
    click.echo("""  -d '{"lead": {"need": "urgent", "budget": 25000, "decision_role": "decider"}}'""")
    click.echo(f"\nEverything is in {folder}; the card is {_short(tour.card)}. Change a rule, and run step 3 again.")


def _step(number: int, title: str, command: str = "") -> None:
    click.echo(f"\n{number}. {title}")
    if command:
        click.echo(f"   $ {command}")
    click.echo("")


def _simulate(tour: _Tour, simulator: ModuleType, leads: int) -> None:
    _step(1, f"A simulated history of {leads:,} leads, and a list of new ones")
    simulator.write(simulator.simulate(leads, seed=7, until=UNTIL), tour.history)
    new_leads = simulator.open_leads(max(500, leads // 10), seed=8, until=UNTIL, bad=BAD_ROWS)
    simulator.write(new_leads, tour.open_leads)
    click.echo(f"{tour.history}, {tour.open_leads}")


def _check(tour: _Tour) -> None:
    from leadledger.api.lists.card_cases import find_case_failures
    from leadledger.scoring.card.reader import read_card

    _step(2, "The card, checked", f"leadledger check {_short(tour.card)}")
    card = read_card(tour.card)
    click.echo(f"{count(len(card.rules), 'rule')}; {cases_text(card, find_case_failures(card))}")


def _train(tour: _Tour) -> Scorecard:
    with training_imports("the demo"):
        from leadledger.training.runs.train import train
        from leadledger.training.runs.train_text import training_text
    from leadledger.models.releases.store import Releases

    _step(3, "Training", f"leadledger train {_short(tour.card)} {tour.history} --home {tour.home}")
    with show_steps() as show_step:
        training = train(tour.card, tour.history, progress=show_step)
    releases = Releases(tour.home)
    name = training.publish(releases, datetime.now(UTC))
    click.echo(training_text(training, name, current=True, width=width()))
    click.echo(f"The whole report, for a browser: {releases.path(name, 'report.html')}")
    return releases.open()


def _score(tour: _Tour, scorecard: Scorecard) -> None:
    from leadledger.api.lists.duckdb import score_list
    from leadledger.api.lists.wanted import Wanted

    command = f"leadledger score {tour.open_leads} -o {tour.scored} --explain {tour.options}"
    _step(4, "The list, scored", command)
    click.echo(list_text(score_list(scorecard, tour.open_leads, tour.scored, DAY, Wanted(explain=True))))


def _explain(tour: _Tour, scorecard: Scorecard) -> None:
    from leadledger.scoring.engine.score import score
    from leadledger.scoring.printers.text import ledger_text

    lead = _pick_example(tour.scored)
    path = tour.folder / "lead.json"
    path.write_text(json.dumps(lead, indent=2, ensure_ascii=False) + "\n", "utf-8")
    _step(5, "One lead, explained", f"leadledger explain {path} {tour.options}")
    click.echo(ledger_text(score(scorecard, lead, DAY), width()))


def _pick_example(scored: Path) -> dict[str, str]:
    """A lead worth showing: one to ask about, near the top, without what scoring added."""
    from leadledger.scoring import outputs
    from leadledger.training.sources.table import connect, read_list

    columns = (*outputs.SCORE_COLUMNS, outputs.PLUS_MINUS, *outputs.REASON_COLUMNS, outputs.QUESTIONS)
    added = ", ".join([*outputs.list_names(columns), '"ll:row"'])
    with connect() as connection:
        source = read_list(connection, scored)
        rows = connection.execute(
            f"SELECT * EXCLUDE ({added}) FROM {source.table}"
            " ORDER BY recommendation <> 'ask', CAST(points AS DOUBLE) DESC, \"ll:row\" LIMIT 1 OFFSET 5"
        )
        names = [column[0] for column in rows.description or ()]
        ((*values,),) = rows.fetchall()
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _short(path: Path) -> Path:
    """The path from here, where it is below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path

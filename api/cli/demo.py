"""`leadledger demo`: the whole tour on a simulated history, each step with the command that repeats it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click

from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.api.cli.progress import show_steps
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring import outputs
from leadledger.scoring.errors import DataError
from leadledger.training.sources.table import connect, read_list

UNTIL = date(2026, 6, 30)  # the day on which the simulated history ends
BAD = 3  # rows of the list that can't be read, to show where they go


def run(folder: Path, leads: int, width: int) -> None:
    """Simulate, check, train, score, explain; say how to serve. Files go to `folder`."""
    try:
        from leadledger.training.runs.train import train
        from leadledger.training.runs.train_text import training_text
    except ModuleNotFoundError as error:
        raise DataError(f"the demo trains, which needs {error.name}: pip install 'leadledger[train]'") from None
    from leadledger.api.cli.reports import list_text
    from leadledger.api.lists.card_cases import find_case_failures
    from leadledger.models.releases.store import Releases
    from leadledger.scoring.card.reader import read_card
    from leadledger.scoring.engine.score import score
    from leadledger.scoring.printers.text import ledger_text

    card = find_examples() / "b2b-software" / "card.yaml"
    simulate = load_simulator()
    folder.mkdir(parents=True, exist_ok=True)
    history, fresh, scored = (folder / name for name in ("history.csv", "open-leads.csv", "scored.csv"))
    home = folder / "home"
    day = UNTIL + timedelta(days=1)

    _step(1, f"A simulated history of {leads:,} leads, and a list of new ones")
    simulate.write(simulate.simulate(leads, seed=7, until=UNTIL), history)
    simulate.write(simulate.open_leads(max(500, leads // 10), seed=8, until=UNTIL, bad=BAD), fresh)
    click.echo(f"{history}, {fresh}")

    _step(2, "The card, checked", f"leadledger check {_short(card)}")
    written = read_card(card)
    failed = find_case_failures(written)
    click.echo(f"{len(written.rules)} rules; {len(written.cases) - len(failed)} of {len(written.cases)} cases pass")

    _step(3, "Training", f"leadledger train {_short(card)} {history} --home {home}")
    with show_steps() as tell:
        found = train(card, history, progress=tell)
    releases = Releases(home)
    name = found.publish(releases, datetime.now(UTC))
    click.echo(training_text(found, name, current=True, width=width))
    click.echo(f"The whole report, for a browser: {releases.path(name, 'report.html')}")

    options = f"--home {home} --as-of {day}"
    _step(4, "The list, scored", f"leadledger score {fresh} -o {scored} --explain {options}")
    chosen = releases.open()
    click.echo(list_text(score_list(chosen, fresh, scored, day, Wanted(explain=True))))

    lead = _example(scored)
    (folder / "lead.json").write_text(json.dumps(lead, indent=2, ensure_ascii=False) + "\n", "utf-8")
    _step(5, "One lead, explained", f"leadledger explain {folder / 'lead.json'} {options}")
    click.echo(ledger_text(score(chosen, lead, day), width))

    _step(6, "To serve it over HTTP", f"leadledger serve --home {home}")
    click.echo("curl -s http://127.0.0.1:8000/v1/score -H 'content-type: application/json' \\")
    click.echo("""  -d '{"lead": {"need": "urgent", "budget": 25000, "decision_role": "decider"}}'""")
    click.echo(f"\nEverything is in {folder}; the card is {_short(card)}. Change a rule, and run step 3 again.")


def _step(number: int, title: str, command: str = "") -> None:
    click.echo(f"\n{number}. {title}")
    if command:
        click.echo(f"   $ {command}")
    click.echo("")


def _example(scored: Path) -> dict[str, str]:
    """A lead worth showing: one to ask about, near the top, without what scoring added."""
    columns = (*outputs.SCORE_COLUMNS, outputs.PLUS_MINUS, *outputs.REASON_COLUMNS, outputs.QUESTIONS)
    added = ", ".join([*outputs.names(columns), '"ll:row"'])
    with connect() as connection:
        source = read_list(connection, scored)
        found = connection.execute(
            f"SELECT * EXCLUDE ({added}) FROM {source.table}"
            " ORDER BY recommendation <> 'ask', CAST(points AS DOUBLE) DESC, \"ll:row\" LIMIT 1 OFFSET 5"
        )
        names = [one[0] for one in found.description or ()]
        ((*values,),) = found.fetchall()
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _short(path: Path) -> Path:
    """The path from here, where it is below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path

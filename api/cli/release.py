"""`leadledger release`: a card goes live as it stands, rules alone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.options import FILE, as_json, home
from leadledger.api.cli.printing import report, width
from leadledger.scoring.errors import DataError

if TYPE_CHECKING:
    from leadledger.models.releases.rules_alone import RulesRelease


@click.command()
@click.argument("card", type=FILE)
@click.option("--draft", is_flag=True, help="Make a release that nobody serves until `releases use` chooses it.")
@click.option("--force", is_flag=True, help="Make it current even if the current release has learned from a history.")
@home
@as_json
def release(card: Path, draft: bool, force: bool, home: Path, as_json: bool) -> None:
    """Release CARD as it stands: rules alone, without a history.

    Its test cases must pass. Points count as declared. The release becomes the current one, which a running service
    switches to within a second.
    """
    from leadledger.api.lists.card_cases import find_case_failures
    from leadledger.models.releases.rules_alone import release_rules
    from leadledger.models.releases.store import Releases
    from leadledger.scoring.card.reader import read_card

    failures = find_case_failures(read_card(card))
    if failures:
        lines = "".join(f"\n{card}: {failure}" for failure in failures)
        raise DataError(f"{card}: a card is released when its test cases pass; these fail:{lines}")
    released = release_rules(card, Releases(home), datetime.now(UTC), draft=draft, force=force)
    text = textwrap.wrap(" ".join(_sentences(released)), width(), break_on_hyphens=False)
    report(as_json, {**released.to_dict(), "home": str(home)}, "\n".join(text))


def _sentences(released: RulesRelease) -> Iterator[str]:
    card = released.card
    if released.current:
        yield f"Release {released.name} of rules alone is the current one."
    else:
        why = f"held back: {released.held_back}" if released.held_back else "a draft, which nobody serves yet"
        yield f"Release {released.name} of rules alone is {why}."
        yield f"`leadledger releases use {released.name}` makes it current."
    if card.base_rate is None:
        yield "It shows no probabilities: declare a `base_rate:` in the card, or train on a history."
    asking = [stage.name for stage in card.stages if stage.has_threshold and stage.points is None]
    if asking:
        yield f"Until training finds a threshold, criteria alone decide on: {', '.join(asking)}."

"""The systems that send events, and the signs of machines, as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadledger.scoring.card.yaml_shapes import is_name
from leadledger.scoring.events.systems import (
    find_system,
    list_system_names,
    read_machine_signs,
    read_standard_kinds,
    read_systems,
)

PAGE = (Path(__file__).parents[3] / "docs" / "events.md").read_text("utf-8")


def test_systems_are_described() -> None:
    """Each system stands in the page with its name, and says where kind, time and properties are."""
    for system in read_systems()[1:]:
        assert f"(`{system.name}`)" in PAGE
        assert system.kind
        assert system.time
        assert system.properties
        assert system.marks
        assert system.lead
        for path in (*system.lead, *system.anonymous):
            assert f"`{path.rpartition('.')[2]}`" in PAGE
    assert len(list(list_system_names())) == len(read_systems()) - 1


def test_standard_names_are_described() -> None:
    """Each standard kind has a name that a card may have, and names of known systems; the page lists them."""
    for kind, names in read_standard_kinds().items():
        assert is_name(kind)
        assert set(names) <= set(list_system_names())
        for name in names.values():
            assert f"`{kind}`: {name}" in PAGE


def test_marks_tell_systems_apart() -> None:
    """An event that has the marks of one system is of that one, whatever else it holds."""
    for system in read_systems():
        event = {mark: (texts[0] if texts else "x") for mark, texts in system.marks.items()}
        assert find_system(event) is system
    assert find_system({"type": "OPEN"}) is None


def test_machine_signs() -> None:
    """The parts of agents are folded and long enough not to be found inside of browsers' names."""
    signs = read_machine_signs()
    browsers = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17628; Pro)",
    )
    for agent in signs.agents:
        assert agent == agent.lower()
        assert len(agent) >= 4
        assert not any(agent in browser.lower() for browser in browsers)


@pytest.mark.parametrize("name", ["agent", "method", "mail", "link", "links", "delay"])
def test_the_properties_of_the_shipped_rule_are_described(name: str) -> None:
    """The page names each property by which the rule for mail scanners finds what it asks."""
    assert all(f"`{wanted}`" in PAGE for wanted in getattr(read_machine_signs(), name))

"""Figures: how they become text, and that they know where they come from."""

from __future__ import annotations

from typing import Any

from leadledger.training.report.figures import FORMATS, Figure


def test_formats() -> None:
    """The one place in which figures become text."""
    texts: dict[tuple[str, Any], str] = {
        ("text", "a"): "a",
        ("words", "always_on"): "always on",
        ("yes", False): "no",
        ("whole", 1234567): "1,234,567",
        ("number", 2.5): "2.5",
        ("number", 90): "90",
        ("number", -4500000): "-4,500,000",
        ("number", 2010): "2010",
        ("number", 0.123456): "0.123456",
        ("number", 1e20): "1e+20",
        ("stretch", "4500000 to 20000000.25"): "4,500,000 to 20,000,000.25",
        ("day", "2026-04-01"): "1 April 2026",
        ("percent", 0.5962): "59.6%",
        ("half", 0.4528): "45%",
        ("loss", -0.00234): "−0.0023",
        ("two", 0.9825): "0.98",
        ("one", 5.96): "6.0",
        ("times", 1.51): "1.5 ×",
        ("points", -7.3): "−7.3",
        ("points", 7.3): "+7.3",
        ("total", 97.1): "97.1",
        ("tenths", 33): "+3.3",
        ("error", 437): "43.7",
        ("count", (1, 2)): "2",
    }
    assert {form for form, _ in texts} == set(FORMATS)
    for (form, value), text in texts.items():
        assert FORMATS[form](value) == text


def test_figures_know_their_place() -> None:
    """A pointer escapes its own signs; what is missing shows as a dash, and is false."""
    figure = Figure({"a/b~c": [{"x": 0}]}, "/metrics")
    here = figure["a/b~c"][0]["x"]
    assert here
    assert here.key == "x"
    assert here.show("whole") == '<span data-metric="/metrics/a~1b~0c/0/x" data-format="whole">0</span>'
    assert figure["a/b~c"].key == "a/b~c"
    missing = figure["no"]["such"][3]
    assert (bool(missing), list(missing), len(missing)) == (False, [], 0)
    assert missing.show("loss") == '<span data-metric="/metrics/no/such/3" data-format="loss">–</span>'
    empty: list[Any] = ["", [], None]
    assert not any(Figure(value) for value in empty)
    assert all(Figure(value) for value in (0, False, "a"))
    assert Figure("<b>").show() == '<span data-metric="" data-format="text">&lt;b&gt;</span>'

"""`leadledger doctor`: what is set up, what is missing, and what to do."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.options import ScorecardSource, as_json, log_url, scorecard_source
from leadledger.api.cli.printing import count, report, width

if TYPE_CHECKING:
    from leadledger.api.doctor.finding import Finding

INDENT = 19  # columns for the state and the name of the check
SIGNS = {"ok": "ok", "missing": "not set up", "warning": "warning", "problem": "PROBLEM"}


@click.command()
@click.option("--url", default="", metavar="URL", help="Address of a running service, to ask whether it is ready.")
@scorecard_source
@log_url
@as_json
def doctor(url: str, source: ScorecardSource, log_url: str | None, as_json: bool) -> None:
    """Say what is set up, what is missing, and what to do.

    Nothing is changed. Where there is a problem, the exit status is 1. No secret is shown.
    """
    from leadledger.api.doctor.checks import examine
    from leadledger.api.doctor.installation import Installation

    installation = Installation(source.home, datetime.now(UTC), source.release, source.card, log_url, url)
    try:
        findings = [*examine(installation)]
    finally:
        installation.close()
    by_state = Counter(finding.state for _, finding in findings)
    data = {
        "problems": by_state["problem"],
        "warnings": by_state["warning"],
        "findings": [
            {"check": name, "state": finding.state, "text": finding.text, "mend": finding.mend}
            for name, finding in findings
        ],
    }
    report(as_json, data, "\n".join(_list_lines(findings)))
    if by_state["problem"]:
        click.get_current_context().exit(1)


def _list_lines(findings: Sequence[tuple[str, Finding]]) -> Iterator[str]:
    """The findings for the terminal; below each that asks for something, what to do."""
    for name, finding in findings:
        head = f"{SIGNS[finding.state]:10} {name:7} "
        for line in finding.text.splitlines():
            yield from textwrap.wrap(
                line, width(), initial_indent=head, subsequent_indent=" " * INDENT, break_on_hyphens=False
            ) or [""]
            head = " " * INDENT
        if finding.mend:
            yield f"{' ' * INDENT}→ {finding.mend}"  # on one line, to be copied
    by_state = Counter(finding.state for _, finding in findings)
    warnings = f", {count(by_state['warning'], 'warning')}" if by_state["warning"] else ""
    yield ""
    yield f"{count(by_state['problem'], 'problem') if by_state['problem'] else 'No problems'}{warnings}."

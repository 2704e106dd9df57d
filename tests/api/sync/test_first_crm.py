"""docs/first-crm.md: every block runs, one after the other in one shell, with the real BottleCRM."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.api.sync.bottlecrm import ROOT, install_bottlecrm

PAGE = (ROOT / "docs" / "first-crm.md").read_text("utf-8")
INSTALL = "make .venv/.installed .venv-bottlecrm/.installed\n"
WAIT = "--every 20s"  # between two runs; nobody reads along here
LIMIT = 900  # seconds for the whole page, on a loaded machine


def read_script(ports: dict[str, int]) -> str:
    """The blocks as one script, on free ports; what is installed isn't installed again, and runs follow sooner."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert len(blocks) == PAGE.count("```sh") == PAGE.count("```") // 2
    script = "\n".join(f"echo '--- block {number}'\n{block}" for number, block in enumerate(blocks, 1))
    assert INSTALL in script
    assert WAIT in script
    script = script.replace(INSTALL, "").replace(WAIT, "--every 2s")
    for port, free in ports.items():
        script = re.sub(rf"(:|--port ){port}\b", rf"\g<1>{free}", script)
    return f"set -euo pipefail\n{script}"


@pytest.mark.slow
def test_the_page(tmp_path: Path) -> None:
    """From nothing to scores in a CRM: scored, written back, told of, and demoted after two nights."""
    install_bottlecrm()
    for name in ("examples", "Makefile", "constraints-bottlecrm.txt", ".venv-bottlecrm"):
        (tmp_path / name).symlink_to(ROOT / name)
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        ports = {"8800": first.getsockname()[1], "8000": second.getsockname()[1]}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "COLUMNS": "80", "PYTHONPATH": str(ROOT)}
    environment.pop("LEADLEDGER_HOME", None)
    with (tmp_path / "output").open("w+") as output:
        shell = subprocess.Popen(
            ["bash", "-c", read_script(ports)],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = shell.wait(LIMIT)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)  # with all that it has started
    text = (tmp_path / "output").read_text("utf-8")
    assert status == 0, text
    parts = re.split(r"^--- block \d+\n", text, flags=re.MULTILINE)[1:]
    crm, look, first_runs, _, changed, nights, end = parts
    assert "BottleCRM: http" in crm
    assert "200 would be scored" in look
    assert "Written back: 200 records" in first_runs
    assert first_runs.rstrip().endswith("Nothing to write back")
    assert "lead.promoted" in changed
    assert "leadledger_recommendation = promote" in changed
    assert "leadledger_reasons = " in changed
    assert "lead.demoted" in nights
    assert "leadledger_recommendation = demote" in nights
    assert end.strip() == ""
    assert sorted(path.name for path in tmp_path.iterdir() if not path.is_symlink()) == ["output"]

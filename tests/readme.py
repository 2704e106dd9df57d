"""Runs the blocks of the README, and of the pages on a first card, an import, training, events, the book, hooks,
operations and syncs: in order, in one folder per page, with the installed command.

- `yaml`: saved as the file that its first line names.
- `console`: each line after `$ ` runs, and the lines below it must be its output; `...` stands for any lines, or any
  words within a line.
- `sh`: runs; a command that serves keeps running until the end, on a free port. The two commands of make would install
  packages, so they don't run: their targets must be in the Makefile. The URL of PostgreSQL is replaced by that of a
  server for the test, whose tables are the list and the events of the earlier blocks; in place of the URL of a Spark
  cluster stands Spark on this machine: tests/api/lists/test_spark.py has a cluster.
- `python`: runs as a program.
"""

from __future__ import annotations

import csv
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser

from tests import postgres, spark
from tests.api.sync.servers.crm_server import running
from tests.api.sync.servers.hubspot_server import TOKEN, HubSpotServer

ROOT = Path(__file__).parents[1]
DATABASE = "postgresql://crm@localhost/crm"
MASTER = "spark://localhost:7077"
LIMIT = 300  # seconds for one block


def setup(namespace: dict[str, Any]) -> None:
    """Make a folder with a link to the examples, and put the installed command on the path."""
    folder = Path(tempfile.mkdtemp(prefix="readme-"))
    (folder / "examples").symlink_to(ROOT / "examples")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "COLUMNS": "80", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}
    environment.pop("LEADLEDGER_HOME", None)
    environment |= spark.write_defaults(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    namespace.update(folder=folder, environment=environment, port=port, servers=[], running=ExitStack())


def teardown(namespace: dict[str, Any]) -> None:
    """Stop the servers, and remove the folder."""
    for server in namespace["servers"]:
        server.terminate()
        server.wait(20)
    namespace["running"].close()
    shutil.rmtree(namespace["folder"])


def start_hubspot(space: dict[str, Any]) -> None:
    """Serve as HubSpot does, with three contacts; its address and a token stand in the environment."""
    server = space["running"].enter_context(running(HubSpotServer()))
    for contact in ({"company": "Fjord", "industry": "Software"}, {"company": "Nordavind"}, {"jobtitle": "CEO"}):
        server.create(contact)
    space["environment"] |= {"LEADLEDGER_HUBSPOT_URL": server.url, "LEADLEDGER_HUBSPOT_TOKEN": TOKEN}


def shell(example: Example, command: str) -> str:
    """Run a command and return its standard output. Fails with all its output unless the exit status is 0."""
    space = example.namespace
    if "leadledger sync hubspot" in command and "LEADLEDGER_HUBSPOT_URL" not in space["environment"]:
        start_hubspot(space)
    command = command.replace(":8000/", f":{space['port']}/")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=space["folder"],
        env=space["environment"],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def run_yaml(example: Example) -> None:
    """Save a file."""
    first = example.parsed.split("\n", 1)[0]
    (example.namespace["folder"] / first.removeprefix("# ").strip()).write_text(example.parsed, "utf-8")


def run_console(example: Example) -> None:
    """Run commands and compare what they print."""
    for part in re.split(r"^\$ ", example.parsed, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        printed = shell(example, command)
        pattern = re.escape(expected.strip("\n")).replace(r"\.\.\.", "(?s:.*)")
        assert re.fullmatch(pattern, printed.strip("\n")), f"$ {command}\n{printed}"


def run_sh(example: Example) -> None:
    """Run commands; a server keeps running."""
    targets = re.findall(r"^make (\w+)", example.parsed, flags=re.MULTILINE)
    if targets:
        makefile = (ROOT / "Makefile").read_text("utf-8")
        assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets)
        return
    if DATABASE in example.parsed:
        with postgres.server() as url:
            for name, table in (("leads.csv", "leads"), ("events.csv", "web_events")):
                path = example.namespace["folder"] / name
                if path.exists():
                    with path.open(encoding="utf-8", newline="") as file:
                        postgres.load(url, table, [*csv.reader(file)])
            assert shell(example, example.parsed.replace(DATABASE, url))
        return
    if not example.parsed.startswith("leadledger serve"):
        assert shell(example, example.parsed.replace(MASTER, spark.LOCAL)) or ">" in example.parsed
        return
    space = example.namespace
    words = shlex.split(example.parsed.replace("--port 8000", f"--port {space['port']}"))
    server = subprocess.Popen(words, cwd=space["folder"], env=space["environment"])
    space["servers"].append(server)
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{space['port']}/health/ready")
            return
        except (urllib.error.URLError, ConnectionError):
            assert server.poll() is None, "the server ended"
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def run_python(example: Example) -> None:
    """Run a program."""
    path = example.namespace["folder"] / "block.py"
    path.write_text(example.parsed.replace(":8000/", f":{example.namespace['port']}/"), "utf-8")
    shell(example, f"{sys.executable} {path}")


blocks = Sybil(
    path=str(ROOT),
    parsers=[
        CodeBlockParser("yaml", run_yaml),
        CodeBlockParser("console", run_console),
        CodeBlockParser("sh", run_sh),
        CodeBlockParser("python", run_python),
    ],
    patterns=[
        "README.md",
        "docs/init.md",
        "docs/import.md",
        "docs/training.md",
        "docs/events.md",
        "docs/book.md",
        "docs/hooks.md",
        "docs/operations.md",
        "docs/sync.md",
    ],
    setup=setup,
    teardown=teardown,
)

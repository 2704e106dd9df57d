"""The service as users start it: a process of its own, asked over the network."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from api import keys
from api.keys import SCOPES

PATIENCE = 20  # seconds that it may take to stop


@contextmanager
def served(home: Path, *options: str) -> Iterator[tuple[str, str]]:
    """A service with the log, the keys and the releases of a home: its address, and a key that may do all.

    What it logs is kept in `server.log` of the home.
    """
    _, key = keys.add(home, "all", SCOPES, datetime(2026, 1, 1, tzinfo=UTC))
    command = [str(Path(sys.executable).with_name("leadledger")), "serve", "--home", str(home), "--port", "0", *options]
    with (
        (home / "server.log").open("w", encoding="utf-8") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8") as process,
    ):
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:[0-9]+", line)
            assert found, f"{line}{(home / 'server.log').read_text('utf-8')}"
            yield found[0], key
        finally:
            process.terminate()
            process.wait(PATIENCE)

"""A real BottleCRM on this machine, in an environment and a process of its own, and what its users do by its API."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-bottlecrm" / "bin" / "python"
TRIAL = ROOT / "examples" / "bottlecrm" / "trial.py"
PATIENCE = 300  # seconds, for an answer of a loaded machine


@dataclass
class BottleCrm:
    """A BottleCRM that runs. `folder` holds its tables, its logs and its token."""

    url: str
    folder: Path

    @property
    def token(self) -> str:
        """The token of an administrator."""
        return (self.folder / "token").read_text().strip().partition("=")[2]

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        """What its API answers."""
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(f"{self.url}{path}", data, headers, method=method), timeout=PATIENCE) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def create_lead(self, **values: Any) -> str:
        """A new lead. Returns its id."""
        status, answer = self.call("POST", "/api/leads/", values)
        assert status == 200, answer
        return str(answer["id"])

    def read_lead(self, lead_id: str) -> dict[str, Any]:
        """A lead as its API has it."""
        status, answer = self.call("GET", f"/api/leads/{lead_id}/")
        assert status == 200, answer
        lead: dict[str, Any] = answer["lead_obj"]
        return lead

    def change_lead(self, lead_id: str, **values: Any) -> None:
        """Change a lead as a person does."""
        status, answer = self.call("PATCH", f"/api/leads/{lead_id}/", values)
        assert status == 200, answer

    def delete_lead(self, lead_id: str) -> None:
        """Delete a lead."""
        status, answer = self.call("DELETE", f"/api/leads/{lead_id}/")
        assert status == 200, answer

    def run(self, *arguments: str) -> str:
        """What a command of the trial prints."""
        command = [str(PYTHON), str(TRIAL), *arguments, "--folder", str(self.folder)]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout.strip()


def install_bottlecrm() -> None:
    """Make its environment, once in this copy of the project; skip the test where that can't be."""
    command = ["make", "--silent", "-C", str(ROOT), ".venv-bottlecrm/.installed", f"PYTHON={sys.executable}"]
    try:
        made = subprocess.run(command, capture_output=True, text=True, timeout=900)
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"BottleCRM can't be installed: {error}")
    if made.returncode:
        pytest.skip(f"BottleCRM can't be installed: {made.stderr.strip()[-300:]}")


@contextmanager
def running_bottlecrm(folder: Path, leads: int = 0) -> Iterator[BottleCrm]:
    """A BottleCRM with some leads, whose webhooks may go to this machine."""
    install_bottlecrm()
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--folder", str(folder), "--port", "0", "--leads", str(leads), "--hooks-to-loopback"]
    with (folder / "output.txt").open("w+") as output:
        process = subprocess.Popen(
            [str(PYTHON), str(TRIAL), "serve", *options], stdout=subprocess.PIPE, stderr=output, text=True
        )
        try:
            assert process.stdout is not None
            url = next((line.split()[1] for line in process.stdout if line.startswith("BottleCRM: ")), "")
            assert url, (folder / "output.txt").read_text()
            yield BottleCrm(url, folder)
        finally:
            process.terminate()
            process.wait(60)
            process.communicate()

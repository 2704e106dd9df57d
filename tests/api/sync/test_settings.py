"""Secrets come from the environment or a file of one's own, and are asked for in plain words."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadledger.api.sync.connectors import CONNECTORS
from leadledger.api.sync.hubspot import HUBSPOT
from leadledger.scoring.errors import SyncError

TOKEN = "LEADLEDGER_HUBSPOT_TOKEN"


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    """A file of secrets."""
    path = folder / "secrets"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize("text", ["abc\n", f"# ours\n{TOKEN}=abc\n", f'{TOKEN} = "abc"\nOTHER=1\n'])
def test_a_file(text: str, tmp_path: Path) -> None:
    """It holds lines of NAME=value, or the one secret alone."""
    values = HUBSPOT.gather({"object": None, "url": None}, {}, write(tmp_path, text))
    assert values == {"token": "abc", "object": "contacts", "url": "https://api.hubapi.com"}


def test_the_environment() -> None:
    """An option counts more than the environment; of a secret there is no option."""
    environment = {TOKEN: "abc", "LEADLEDGER_HUBSPOT_OBJECT": "leads", "LEADLEDGER_HUBSPOT_URL": "https://x.com"}
    assert HUBSPOT.gather({"object": "companies", "token": "x"}, environment, None) == {
        "token": "abc",
        "object": "companies",
        "url": "https://x.com",
    }
    assert HUBSPOT.name_account({"object": "companies"}) == "hubspot/companies"


def test_mistakes(tmp_path: Path) -> None:
    """What is missing, and a file that others can read, are named with what to do."""

    def refuse(path: Path | None, **environment: str) -> str:
        with pytest.raises(SyncError) as refused:
            HUBSPOT.gather({}, environment, path)
        return str(refused.value)

    assert refuse(None) == (
        "HubSpot needs the token of a private app: set LEADLEDGER_HUBSPOT_TOKEN in the environment, or write the line"
        " LEADLEDGER_HUBSPOT_TOKEN=… to a file that only you can read (chmod 600) and name it with --secret-file"
    )
    path = write(tmp_path, "abc", 0o640)
    assert refuse(path) == f"{path} can be read by others; make it yours alone: chmod 600 {path}"
    assert refuse(tmp_path / "none") == f"{tmp_path / 'none'} can't be read: No such file or directory"
    path = write(tmp_path, f"{TOKEN}=abc\nabc\n")
    assert refuse(path) == f"{path}: line 2 is not like {TOKEN}=…"
    assert refuse(None, **{TOKEN: "a\nb"}) == f"{TOKEN} holds signs that can't be sent; copy it anew, in one line"


@pytest.mark.parametrize("name", CONNECTORS)
def test_every_system(name: str) -> None:
    """Each says its name and settings, one of which is secret."""
    kind = CONNECTORS[name]
    assert kind.system == name
    assert any(setting.is_secret for setting in kind.settings)
    assert not kind.scope or kind.scope in {setting.name for setting in kind.settings}

"""`leadledger doctor`: a home that is whole, a new one, and each thing that can be wrong with it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadledger.api.doctor.checks import CHECKS, examine
from leadledger.api.doctor.finding import Finding
from leadledger.api.doctor.installation import Installation
from leadledger.api.log import tables
from leadledger.api.log.database import open_database
from leadledger.api.log.message_kinds import MESSAGE_KINDS
from leadledger.api.service import keys
from leadledger.scoring.errors import DataError
from tests import postgres
from tests.api.hooks.decisions import subscribe
from tests.api.hooks.deliveries import decide
from tests.api.hooks.receiver import Handler, receiving
from tests.api.log.faded_leads import LAST, TEXT, make_leads, post_leads, serving
from tests.command_line import run
from tests.serving import started

NOW = datetime(LAST.year, LAST.month, LAST.day, 9, 30, tzinfo=UTC)
FEW_LEADS = 6


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with all that there can be: a release, a key, a log with known leads, a subscription."""
    home = tmp_path_factory.mktemp("whole")
    (home / "card.yaml").write_text(TEXT, "utf-8")
    assert run("release", home / "card.yaml", "--home", home).exit_code == 0
    with serving(f"sqlite:///{home}/log.sqlite3", home) as client:
        post_leads(client, make_leads(FEW_LEADS), LAST)
    keys.add(home, "crm", ("score",), NOW)
    change(home, "UPDATE scores SET at = '2026-03-30T09:00:00.000000Z'")
    return home


@pytest.fixture
def home(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to damage."""
    return Path(shutil.copytree(whole, tmp_path / "home"))


def find(home: Path, *checks: str, **changes: Any) -> list[tuple[str, Finding]]:
    """What the checks find, or those that are named."""
    installation = Installation(home, **{"now": NOW, **changes})
    try:
        return [*examine(installation, {name: CHECKS[name] for name in checks or CHECKS})]
    finally:
        installation.close()


def states(findings: list[tuple[str, Finding]]) -> list[tuple[str, str]]:
    """The checks with their states."""
    return [(name, finding.state) for name, finding in findings]


def test_a_whole_home(home: Path) -> None:
    """Everything is said to be as it should; what is not set up needs not be."""
    found = [(name, finding) for name, finding in find(home) if name not in ("program", "extras")]
    assert states(found) == [
        ("home", "ok"),
        ("release", "ok"),
        ("keys", "ok"),
        ("log", "ok"),
        ("book", "ok"),
        ("hooks", "missing"),
        ("syncs", "missing"),
        ("clock", "ok"),
        ("service", "missing"),
    ]
    texts = {name: finding.text for name, finding in found}
    assert re.fullmatch(rf"{re.escape(str(home))}, [\d,.]+ [GM]B free", texts["home"])
    assert texts["release"].endswith(" of the card 'fading', the current one")
    assert texts["keys"] == "1 in use"
    assert texts["log"].endswith("last score 2026-03-30 09:00 UTC")
    assert texts["book"] == "all worked out yesterday or today; leads: 6"
    assert texts["clock"].startswith("2026-03-30 09:30 in UTC, whose days count; timers of this machine run by ")


def test_nothing_is_written(home: Path, tmp_path: Path) -> None:
    """A look creates no home, no log and no key, and changes no byte."""
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    find(home)
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before
    bare = tmp_path / "bare"
    assert states(find(bare))[2:] == [("home", "problem"), ("clock", "ok"), ("service", "missing")]
    assert not bare.exists()
    bare.mkdir()
    assert [state for name, state in states(find(bare)) if name in ("release", "keys", "log")] == [
        "problem",
        "missing",
        "missing",
    ]
    assert [*bare.iterdir()] == []


def write(home: Path, file: str, content: str) -> None:
    """Overwrite a file of the home."""
    (home / file).write_text(content, "utf-8")


def set_mode(home: Path, file: str, mode: str) -> None:
    """Let others reach a file."""
    (home / file).chmod(int(mode, 8))


def revoke_all(home: Path) -> None:
    """Revoke the keys."""
    for key in keys.read(home) or ():
        keys.revoke(home, key.id, NOW)


def change(home: Path, statement: str) -> None:
    """Change the log by SQL."""
    connection = sqlite3.connect(home / "log.sqlite3")
    with connection:
        connection.execute(statement)
    connection.close()


BEHIND = "leads were last worked out before yesterday, the earliest as of 2026-03-20"
WRONG: list[tuple[Callable[..., None], tuple[str, ...], str, str, str, str]] = [
    (write, ("current", "2020-01-01-001"), "release", "problem", "2020-01-01-001", "leadledger releases --home {home}"),
    (write, ("keys.json", "{"), "keys", "problem", "is damaged: it is not JSON", "leadledger keys add NAME --scope sc"),
    (set_mode, ("keys.json", "644"), "keys", "problem", "by others than its owner (mode 0644)", "chmod 600 {home}/key"),
    (revoke_all, (), "keys", "problem", "all 1 are revoked: nobody gets an answer", "leadledger keys add NAME"),
    (
        set_mode,
        ("log.sqlite3", "664"),
        "log",
        "problem",
        "by others than its owner (mode 0664)",
        "chmod 600 {home}/log",
    ),
    (write, ("log.sqlite3", "none" * 1000), "log", "problem", "file is not a database", "start the database, or"),
    (
        *(change, ("UPDATE alembic_version SET version_num = '0001'",), "log", "warning"),
        *("is of version 0001, and this program changes it to", "back it up, then: leadledger serve --home {home}"),
    ),
    (
        *(change, ("UPDATE alembic_version SET version_num = '9999'",), "log", "problem"),
        *("was written by a later leadledger (its version is 9999, this program knows", "pip install --upgrade"),
    ),
    (change, ("UPDATE book SET as_of = '2026-03-20'",), "book", "problem", f"6 of 6 {BEHIND}", "leadledger rescore"),
    (
        *(change, ("UPDATE book SET as_of = '2026-03-20' WHERE key = 'L1'",), "book", "warning"),
        *(f"1 of 6 {BEHIND}", "leadledger rescore --home {home} says why"),
    ),
    (
        *(change, ("UPDATE scores SET at = '2026-04-02T09:00:00.000000Z'",), "clock", "problem"),
        *("has a score of 2026-04-02 09:00 UTC, and this machine's clock says 2026-03-30 09:30", "timedatectl set-ntp"),
    ),
]


@pytest.mark.parametrize(("damage", "how", "check", "state", "text", "mend"), WRONG)
def test_what_is_wrong(
    home: Path, damage: Callable[..., None], how: tuple[str, ...], check: str, state: str, text: str, mend: str
) -> None:
    """What is wrong is found by the check of its name, in its words, with what mends it; no other check fails of it."""
    damage(home, *how)
    found = find(home)
    assert not [finding for _, finding in found if "this check failed" in finding.text]
    (wrong,) = [(name, finding) for name, finding in found if finding.state in ("problem", "warning")]
    assert (wrong[0], wrong[1].state) == (check, state)
    assert text in wrong[1].text
    assert mend.format(home=home) in wrong[1].mend


def test_hooks_that_do_not_arrive(home: Path) -> None:
    """A disabled subscription, dead messages, and messages that nobody tries are problems, by the id of the hook."""
    engine = open_database(None, home)
    try:
        subscribe(engine, *MESSAGE_KINDS, name="sub_ok")
        decide(engine, "L1", "L2")
        subscribe(engine, name="sub_off", state="disabled", problem="the answer was 410")
        assert states(find(home, "hooks")) == [("hooks", "ok"), ("hooks", "problem")]
        with engine.begin() as connection:
            connection.execute(tables.deliveries.update().values(due="2026-03-30T09:00:00.000000Z"))
            first = tables.deliveries.c.message == 1
            connection.execute(tables.deliveries.update().where(first).values(state="dead"))
    finally:
        engine.dispose()
    found = [(finding.state, finding.text, finding.mend) for _, finding in find(home, "hooks")]
    assert found == [
        ("ok", "1 of 2 active; messages waiting: 1", ""),
        ("problem", "sub_off is disabled: the answer was 410", f"leadledger hooks test sub_off --home {home}"),
        (
            "problem",
            "messages of sub_ok that could not be delivered: 1",
            f"leadledger hooks resend sub_ok --home {home}",
        ),
        (
            "problem",
            "messages that have been due for a quarter of an hour: 1; does the service run?",
            f"leadledger hooks deliver --home {home}",
        ),
    ]
    assert not any("hooks.example.com" in text for _, text, _ in found)  # an address may hold a secret


@contextmanager
def as_nobody() -> Iterator[None]:
    """As a user who owns nothing, where the tests run as root."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_files_of_others(home: Path) -> None:
    """What a command of root left in the home is named, with the command that gives it back."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(home / "current", 65534, 65534)
    (_, finding), _ = find(home, "home")
    assert finding.state == "problem"
    assert finding.text.endswith("belongs to root, and these in it to others, whom the service can't rely on: current")
    assert finding.mend == f"sudo chown -R root {home}"


def test_a_home_of_somebody_else(home: Path) -> None:
    """Who may not write to the home, or not even look at it, learns as whom to run this."""
    within = [folder for folder in home.parents if Path(tempfile.gettempdir()) in folder.parents]
    for folder in (home, *within):  # a worker's folder lies one deeper than that of a run without workers
        folder.chmod(0o755)
    with as_nobody():
        ((_, finding),) = find(home, "home")
        assert finding.text.startswith(f"{home} can't be written by ")
        assert finding.mend == f"sudo -u root leadledger doctor --home {home}"
    home.parent.chmod(0o700)
    with as_nobody():
        ((_, finding),) = find(home, "home")
        assert "can't be reached by" in finding.text


def test_a_database_that_is_not_there(home: Path) -> None:
    """Neither the password nor the query of the address is shown; the checks that read the log have nothing to say."""
    url = "postgresql://crm:hunter2@127.0.0.1:1/crm?sslpassword=swordfish"
    found = find(home, "log", "book", "hooks", log_url=url)
    assert states(found) == [("log", "problem")]
    text = found[0][1].text
    assert text.startswith("the log at postgresql+psycopg://crm:***@127.0.0.1:1/crm can't be opened: ")
    assert "hunter2" not in text
    assert "swordfish" not in text


def test_a_check_that_fails(home: Path) -> None:
    """It is a problem itself, without the words of its error, and the next checks go on."""

    def fail(installation: Installation) -> Iterator[Finding]:
        yield Finding("ok", "so far")
        raise DataError("the password is hunter2")

    findings = [*examine(Installation(home, NOW), {"odd": fail, "keys": CHECKS["keys"]})]
    assert states(findings) == [("odd", "ok"), ("odd", "problem"), ("keys", "ok")]
    assert re.fullmatch(r"this check failed: DataError in test_checks\.py, line \d+", findings[1][1].text)


ADDRESSES = [
    ("http://127.0.0.1:1", "http://127.0.0.1:1 can't be reached: Connection refused"),
    ("https://me:hunter2@127.0.0.1:1/x?key=swordfish", "https://127.0.0.1:1/x can't be reached: Connection refused"),
    ("127.0.0.1:8000", "--url is not the address of a service"),
    ("http://127.0.0.1:99999", "--url is not the address of a service"),
    ("file:///etc/passwd", "--url is not the address of a service"),
    ("http://[::1", "--url is not the address of a service"),
]


@pytest.mark.parametrize(("address", "text"), ADDRESSES)
def test_addresses_without_a_service(home: Path, address: str, text: str) -> None:
    """What is no address, or has no service, is a problem; a password in it is not shown."""
    ((_, finding),) = find(home, "service", service_url=address)
    assert (finding.state, finding.text) == ("problem", text)


def lead_elsewhere(request: Handler) -> None:
    """An answer that leads to another address."""
    request.answer(302, Location="http://127.0.0.1:1/")


def test_answers_of_others(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another service, and one that leads elsewhere, are no leadledger."""
    with receiving() as server:
        ((_, finding),) = find(home, "service", service_url=server.url(""))
        assert (finding.state, finding.text) == ("problem", f"{server.url('')} answers, and is no leadledger")
        monkeypatch.setattr(Handler, "do_GET", lead_elsewhere)
        ((_, finding),) = find(home, "service", service_url=server.url(""))
        assert (finding.state, finding.text) == ("problem", f"{server.url('')} answers 302")


def test_syncs_that_fail_or_are_silent(home: Path) -> None:
    """A sync that runs is well; one that failed, or that nobody runs any more, and records that wait are named."""
    problem = "HubSpot: the access is refused (401)"
    for system, at, reason in (
        ("hubspot/contacts", "2026-03-30T09:25:00.000000Z", ""),
        ("odoo", "2026-03-28T09:25:00.000000Z", ""),
        ("dynamics", "2026-03-30T09:20:00.000000Z", problem),
    ):
        change(home, f"INSERT INTO sync_states VALUES ('{system}', '', '', '', '[]', '[]', '', '{at}', '{reason}')")
    record = "INSERT INTO synced_records VALUES ('hubspot/contacts', '{}', '', '{}', '', '', '{}', '{}', '{{}}', '')"
    change(home, record.format("1", "1", "live", ""))
    change(home, record.format("2", "2", "left", "it has no id"))
    sync = f"--home {home}"
    assert [(finding.state, finding.text, finding.mend) for _, finding in find(home, "syncs")] == [
        (
            "problem",
            f"the last run of dynamics, at 2026-03-30 09:20 UTC, failed: {problem}",
            f"leadledger sync dynamics {sync}",
        ),
        ("ok", "hubspot/contacts: the last run ended at 2026-03-30 09:25 UTC, records: 1", ""),
        (
            "warning",
            "records of hubspot/contacts that were left as they are: 1",
            f"leadledger sync hubspot --object contacts {sync} says why",
        ),
        (
            "warning",
            "odoo was synced last at 2026-03-28 09:25 UTC",
            f"leadledger sync odoo {sync}, and then by a timer",
        ),
    ]


@pytest.mark.slow
def test_a_running_service(home: Path) -> None:
    """A service that serves what the home says is well; one of another card, or by another clock, gets a warning."""
    with started(home) as server:  # of the example's card
        url = f"http://127.0.0.1:{server.port}"
        now = datetime.now(UTC)
        ((_, finding),) = find(home, "service", service_url=url, now=now)
        assert finding.state == "warning"
        assert finding.text.startswith(f"{url} serves the card 'b2b-software', and this home has 20")
        found = find(home, "service", service_url=url, now=now - timedelta(hours=1))
        assert re.fullmatch(r"its clock and this one are 3,(59\d|6\d\d) seconds apart", found[1][1].text)
        card = Path(__file__).parents[3] / "examples" / "b2b-software" / "card.yaml"
        ((_, finding),) = find(home, "service", service_url=f"{url}/", now=now, card=card)
        assert (finding.state, finding.text) == ("ok", f"{url} serves the card 'b2b-software'")


def test_the_command(home: Path) -> None:
    """It prints each finding and what to do, within 80 columns but for what is to be copied; 1 is for problems."""
    done = run("doctor", "--home", home, "--json")
    report = json.loads(done.stdout)
    assert done.exit_code == (1 if report["problems"] else 0)
    assert {finding["check"] for finding in report["findings"]} >= {"program", "home", "release", "keys", "log"}
    assert set(report["findings"][0]) == {"check", "state", "text", "mend"}
    write(home, "keys.json", "{")
    done = run("doctor", "--home", home)
    assert done.exit_code == 1
    assert "\nPROBLEM    keys    " in done.stdout
    assert f"{' ' * 19}→ leadledger keys add NAME --scope score --scope read --home {home}\n" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines() if "→" not in line and str(home) not in line)
    assert re.search(r"\n\n\d+ problems?(, \d+ warnings?)?\.\n$", done.stdout)


@pytest.mark.slow
def test_a_log_in_postgresql(home: Path) -> None:
    """The log of several machines is read as one in a file is; without tables it is not set up yet."""
    with postgres.server() as url:
        assert states(find(home, "log", "book", "hooks", log_url=url)) == [("log", "missing")]
        open_database(url, home).dispose()
        found = find(home, "log", "book", "hooks", log_url=url)
        assert states(found) == [("log", "ok"), ("book", "missing"), ("hooks", "missing")]
        assert found[0][1].text.endswith(", without a score yet")

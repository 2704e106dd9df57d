"""The files that let a machine start leadledger and run its jobs: for systemd, cron, and launchd."""

from __future__ import annotations

import configparser
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.operations.command_words import check_words, find_commands

ROOT = Path(__file__).parents[2]
FILES = ROOT / "examples" / "operations"
UNITS = sorted(path.name for path in (FILES / "systemd").glob("*.*") if path.is_file())
SERVICES = [name for name in UNITS if name.endswith(".service")]
PLISTS = sorted(path.name for path in (FILES / "launchd").glob("*.plist"))
CRON = (FILES / "leadledger.cron").read_text("utf-8")
PROGRAM = "/opt/leadledger/bin/leadledger"
SYSTEMS = ("hubspot",)  # of a template, one is tried
STILL_OPEN = 20  # tenths of systemd's exposure level, of 100; the network alone is 8


def read_unit(name: str) -> configparser.ConfigParser:
    """A unit, whose lines may repeat a key: the last one counts here."""
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(FILES / "systemd" / name, "utf-8")
    return unit


def list_commands(name: str) -> list[list[str]]:
    """The commands that a service starts, without the program."""
    lines = re.findall(r"^ExecStart=(.*)$", (FILES / "systemd" / name).read_text("utf-8"), flags=re.MULTILINE)
    commands = [shlex.split(line.replace("%i", SYSTEMS[0])) for line in lines]
    assert all(words[0] == PROGRAM for words in commands)
    return [words[1:] for words in commands]


@pytest.mark.parametrize("name", SERVICES)
def test_commands_of_services(name: str) -> None:
    """Each service starts a command that there is, with options that it has."""
    commands = list_commands(name)
    assert commands
    for words in commands:
        check_words(words)


def test_wrong_commands_are_found() -> None:
    """A command or an option that isn't there fails the check."""
    for words in (["sevre"], ["serve", "--prot", "8000"], ["keys", "ad", "crm"], ["serve", "--port", "http"]):
        with pytest.raises(click.UsageError):
            check_words(words)
    cron = "30 4 * * * crm cd /x && /opt/leadledger/bin/leadledger rescore 2>&1 || echo leadledger"
    assert [*find_commands(f"{cron}\nleadledger doctor | cat")] == [["rescore"], ["doctor"]]


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".timer")])
def test_timers_start_services(name: str) -> None:
    """Each timer has its service, and is started by the machine; each job has its timer."""
    assert name.replace(".timer", ".service") in SERVICES
    assert read_unit(name)["Install"]["WantedBy"] == "timers.target"


def test_each_job_has_a_timer() -> None:
    """What is no service that runs all the time is started by a timer."""
    for name in SERVICES:
        if read_unit(name)["Service"]["Type"] == "oneshot":
            assert name.replace(".service", ".timer") in UNITS


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of units with the files as they are, but for the path of the program, which must be there."""
    folder = tmp_path_factory.mktemp("units") / "system"
    shutil.copytree(FILES / "systemd", folder)
    for name in SERVICES:
        text = (folder / name).read_text("utf-8")
        (folder / name).write_text(text.replace(PROGRAM, str(Path(sys.executable).with_name("leadledger"))), "utf-8")
    return folder


def analyze(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What systemd says of units in a folder."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    return subprocess.run(
        ["systemd-analyze", *words],
        env={"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_systemd_takes_the_units(installed: Path) -> None:
    """systemd finds no mistake in any unit, nor in what all of them share."""
    names = [name.replace("@.", f"@{SYSTEMS[0]}.") for name in UNITS]
    done = analyze(installed, "verify", "--man=no", *names)
    ours = [line for line in done.stderr.splitlines() if "leadledger" in line]
    assert (done.returncode, ours) == (0, [])


def test_systemd_finds_mistakes(installed: Path, tmp_path: Path) -> None:
    """The check can fail: it reads the shared file, and names a key that isn't one."""
    folder = tmp_path / "system"
    shutil.copytree(installed, folder)
    shared = folder / "leadledger-.service.d" / "shared.conf"
    shared.write_text(shared.read_text("utf-8").replace("ProtectHome=yes", "ProtectHoem=yes"), "utf-8")
    done = analyze(folder, "verify", "--man=no", "leadledger-serve.service")
    assert re.search("Unknown key.* 'ProtectHoem'", done.stderr)


@pytest.mark.parametrize("name", SERVICES)
def test_services_are_closed(installed: Path, name: str) -> None:
    """systemd counts little that a service could do beyond its work."""
    unit = name.replace("@.", f"@{SYSTEMS[0]}.")
    done = analyze(installed, "security", "--offline=true", "--no-pager", f"--threshold={STILL_OPEN}", unit)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr


def test_calendars() -> None:
    """systemd can read the times of all timers."""
    times = [read_unit(name)["Timer"].get("OnCalendar") for name in UNITS if name.endswith(".timer")]
    calendars = [time for time in times if time]
    assert len(calendars) >= 4
    done = analyze(ROOT, "calendar", *calendars, "*-*-* 04:30 Europe/Berlin")
    assert (done.returncode, done.stderr) == (0, "")


LINES = [line for line in CRON.splitlines() if re.match(r"[\d*]", line)]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.rpartition("/leadledger ")[2].split()[0])
def test_cron(line: str) -> None:
    """Each line of cron has five times, a user, and a command that there is; a shell can read it."""
    *times, user, command = line.split(maxsplit=6)
    bounds = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    for time, (low, high) in zip(times, bounds, strict=True):
        assert all(low <= int(number) <= high for number in re.findall(r"\d+", time.partition("/")[0]))
    assert user == "leadledger"
    assert not re.search(r"(?<!\\)%", command)  # cron would end the line there
    command = command.replace("\\%", "%")
    assert subprocess.run(["sh", "-n", "-c", command], capture_output=True, check=False).returncode == 0
    (words,) = find_commands(command)
    check_words(words)


@pytest.mark.parametrize("name", PLISTS)
def test_launchd(name: str) -> None:
    """Each property list is that of its file, keeps what is written private, and starts a command that there is."""
    content = plistlib.loads((FILES / "launchd" / name).read_bytes())
    assert f"{content['Label']}.plist" == name
    assert content["ProgramArguments"][0] == PROGRAM
    check_words(content["ProgramArguments"][1:])
    assert content["Umask"] == 0o077
    assert content.get("KeepAlive") or content["StartCalendarInterval"] == {"Hour": 4, "Minute": 30}

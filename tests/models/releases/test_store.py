"""The store of releases: published, opened, listed and chosen, and refused where a file is not what was published."""

from __future__ import annotations

import hashlib
import stat
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import leadledger.models.releases.store
from leadledger.models.releases.manifest import CARD, LEARNED, MANIFEST, METRICS, PROVENANCE
from leadledger.models.releases.store import HOW_TO_RELEASE, Releases
from leadledger.scoring.bins import FlagBins, NumberBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import score
from leadledger.scoring.errors import ReleaseError, ScorecardError
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned, Scorecard
from tests.models.releases.release_examples import CARD_TEXT, DAY, LEARNED_THINGS, overwrite, publish, refusal, reseal

# -- publish, open, list ----------------------------------------------------------------------------------------------


def test_published_is_opened(tmp_path: Path) -> None:
    """What is published comes back as the same scorecard, under its name, and scores."""
    name = publish(tmp_path)
    scorecard = Releases(tmp_path).open()
    assert name == "2026-11-24-001"
    assert scorecard == Scorecard(parse_card(CARD_TEXT), LEARNED_THINGS, name)
    result = score(scorecard, {"employees": 120}, DAY.date())
    assert (result.tenths, result.release) == (483 + 60 + 12, name)


def test_files_of_a_release(tmp_path: Path) -> None:
    """A release holds the card letter by letter, further files as they are, and the digest of each; all read-only."""
    card_text = "\ufeff" + CARD_TEXT.replace("\n", "\r\n")  # as an editor on Windows writes it
    name = publish(
        tmp_path, card_text=card_text, files={"report.txt": b"fine", "estimator.joblib": b"\x80\0"}, note="first"
    )
    folder = tmp_path / "releases" / name
    files = {CARD, LEARNED, METRICS, PROVENANCE, "report.txt", "estimator.joblib"}
    assert {path.name for path in folder.iterdir()} == files | {MANIFEST}
    assert (folder / CARD).read_bytes() == card_text.encode()
    assert all(not stat.S_IMODE(path.stat().st_mode) & 0o222 for path in folder.iterdir())
    assert Releases(tmp_path).open().card.name == "small"
    shown = Releases(tmp_path).show(name)
    assert set(shown.pop("files")) == files
    assert shown == {
        "name": name,
        "current": True,
        "format": 1,
        "card": "small",
        "created": "2026-11-24T09:30:00+00:00",
        "note": "first",
        "standard_names": True,
        "metrics": {"auc": 0.81, "rows": 1200, "deciles": [1, 2]},
        "provenance": {"data": "history.csv"},
    }
    assert Releases(tmp_path).read(name, "estimator.joblib") == b"\x80\0"


def test_a_file_may_name_its_release(tmp_path: Path) -> None:
    """It is made of the name that the release gets, and made again where another process took that name meanwhile."""
    asked: list[str] = []

    def write_report(name: str) -> bytes:
        asked.append(name)
        if len(asked) == 1:
            publish(tmp_path)
        return f"of {name}".encode()

    name = publish(tmp_path, files={"report.html": write_report})
    assert asked == ["2026-11-24-001", "2026-11-24-002"]
    assert name == "2026-11-24-002"
    assert Releases(tmp_path).read(name, "report.html") == b"of 2026-11-24-002"
    assert sorted(path.name for path in (tmp_path / "releases").iterdir()) == ["2026-11-24-001", "2026-11-24-002"]


def test_only_the_releases_are_left(tmp_path: Path) -> None:
    """Nothing but the releases and the name of the current one stays behind."""
    publish(tmp_path)
    publish(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".current.lock",
        "current",
        "releases",
        "releases.jsonl",
    ]
    assert sorted(path.name for path in (tmp_path / "releases").iterdir()) == ["2026-11-24-001", "2026-11-24-002"]


def test_same_learning_same_bytes(tmp_path: Path) -> None:
    """Two releases of the same learning differ in their manifest and provenance only."""
    first = publish(tmp_path)
    second = publish(tmp_path, created=DAY + timedelta(days=1), provenance={"trained": "a day later"})
    assert second == "2026-11-25-001"
    for file in (CARD, LEARNED, METRICS):
        assert Releases(tmp_path).read(first, file) == Releases(tmp_path).read(second, file)


def test_names_are_days_in_utc(tmp_path: Path) -> None:
    """The day in a name is the one in UTC; a time without a zone is in UTC."""
    late = datetime(2026, 11, 24, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert publish(tmp_path, created=late) == "2026-11-25-001"
    assert publish(tmp_path, created=datetime(2026, 11, 24, 23, 30)) == "2026-11-24-001"


def test_list_is_oldest_first(tmp_path: Path) -> None:
    """Releases are listed by day and number, number 1000 after 999, with the numbers at the top of their metrics."""
    publish(tmp_path)
    (tmp_path / "releases" / "2026-11-24-001").rename(tmp_path / "releases" / "2026-11-24-999")
    publish(tmp_path, note="much later", current=False)
    publish(tmp_path, created=DAY - timedelta(days=1))
    store = Releases(tmp_path)
    assert store.names() == ("2026-11-23-001", "2026-11-24-999", "2026-11-24-1000")
    assert [release.current for release in store.list()] == [True, False, False]
    assert store.list()[2].to_dict() == {
        "name": "2026-11-24-1000",
        "current": False,
        "created": "2026-11-24T09:30:00+00:00",
        "card": "small",
        "note": "much later",
        "metrics": {"auc": 0.81, "rows": 1200},
        "problem": "",
    }


def test_use_chooses_another(tmp_path: Path) -> None:
    """Any release can be made current again; one can be published without becoming current."""
    first, second = publish(tmp_path), publish(tmp_path, learned=Learned())
    store = Releases(tmp_path)
    assert store.current() == second
    store.use(first)
    assert store.current() == first
    assert store.open().learned == LEARNED_THINGS
    assert store.open(second).learned == Learned()
    publish(tmp_path, current=False)
    assert store.current() == first


def test_first_release_can_stay_aside(tmp_path: Path) -> None:
    """Where releases are there and none is current, the message says how to choose one."""
    name = publish(tmp_path, current=False)
    assert Releases(tmp_path).current() is None
    assert refusal(Releases(tmp_path).open) == (
        f"no release in {tmp_path} is current; `leadledger releases use {name}` chooses one"
    )


# -- what is not there ------------------------------------------------------------------------------------------------


def test_no_home_yet(tmp_path: Path) -> None:
    """Without a home there are no releases, and the message says how to make one."""
    store = Releases(tmp_path / "nowhere")
    assert (store.names(), store.list(), store.current()) == ((), (), None)
    hint = HOW_TO_RELEASE
    assert refusal(store.open) == f"there is no release in {tmp_path / 'nowhere'} yet; {hint}"
    assert refusal(store.show) == f"there is no release in {tmp_path / 'nowhere'} yet; {hint}"
    missing = f"there is no release '2026-11-24-001' in {tmp_path / 'nowhere'}. There is none yet; {hint}."
    assert refusal(lambda: store.use("2026-11-24-001")) == missing
    assert not (tmp_path / "nowhere").exists()


def test_home_is_a_file(tmp_path: Path) -> None:
    """A home that is a file is refused with a plain message, whatever is asked of it."""
    home = tmp_path / "home"
    home.write_text("")
    store = Releases(home)
    assert refusal(store.names) == f"the releases in {home} can't be listed: Not a directory"
    assert refusal(store.open) == f"{home / 'current'} can't be read: Not a directory"
    assert refusal(lambda: publish(home)).startswith(f"the release can't be written to {home}: ")


def test_unknown_release(tmp_path: Path) -> None:
    """A name that no release has is refused with the names that there are."""
    publish(tmp_path)
    store = Releases(tmp_path)
    for ask in (
        store.open,
        store.use,
        store.show,
        lambda name: store.diff(name, name),
        lambda name: store.read(name, CARD),
    ):
        assert refusal(lambda ask=ask: ask("2027-1")) == (  # type: ignore[misc]
            f"there is no release '2027-1' in {tmp_path}. Use one of: 2026-11-24-001."
        )
    assert refusal(lambda: store.open("2026-11-24-002")).endswith("Did you mean '2026-11-24-001'?")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../releases/2026-11-24-001",
        "2026-11-24-001/",
        "2026-11-24-001\n",
        "/etc",
        "a\0b",
        "A",
        "-a",
        "é",
        "x" * 101,
        "~",
    ],
)
def test_hostile_names(tmp_path: Path, name: str) -> None:
    """A name that could lead out of the folder is refused before anything is opened."""
    publish(tmp_path)
    store = Releases(tmp_path)
    for ask in (
        store.open,
        store.use,
        store.show,
        lambda name: store.diff("2026-11-24-001", name),
        lambda name: store.read(name, CARD),
    ):
        message = refusal(lambda ask=ask: ask(name))  # type: ignore[misc]
        assert "is not the name of a release; a name has a to z, 0 to 9 and - only, such as 2026-11-24-001" in message
    assert store.current() == "2026-11-24-001"


@given(st.text(max_size=30))
def test_any_name_is_refused(tmp_path: Path, name: str) -> None:
    """No text at all opens a release but the name of one."""
    if not (tmp_path / "releases").exists():
        publish(tmp_path)
    with pytest.raises(ReleaseError):
        Releases(tmp_path).open(name)


def test_unknown_file(tmp_path: Path) -> None:
    """Only files that the manifest lists can be read."""
    name = publish(tmp_path)
    store = Releases(tmp_path)
    assert refusal(lambda: store.read(name, "metric.json")) == (
        f"release {name} has no file 'metric.json'. Did you mean 'metrics.json'?"
    )
    for file in ("../../current", MANIFEST, "."):
        assert f"release {name} has no file '{file}'." in refusal(lambda file=file: store.read(name, file))  # type: ignore[misc]


@pytest.mark.parametrize("content", [b"", b"../../etc", b"\xff\xfe", b"2026-11-24-001 and more", b"x" * 10_000])
def test_current_is_garbage(tmp_path: Path, content: bytes) -> None:
    """A `current` that holds no name is refused; listing still works, and `use` mends it."""
    name = publish(tmp_path)
    (tmp_path / "current").write_bytes(content)
    store = Releases(tmp_path)
    message = refusal(store.open)
    assert message.startswith(f"{tmp_path / 'current'} holds '")
    assert message.endswith(f", which is not the name of a release; `leadledger releases use {name}` chooses one")
    assert len(message) < len(str(tmp_path)) + 200
    assert [release.current for release in store.list()] == [False]
    assert store.show(name)["current"] is False
    store.use(name)
    assert store.open().release == name


def test_current_is_gone(tmp_path: Path) -> None:
    """Where the current release has been deleted, the message says so and names another."""
    name = publish(tmp_path)
    (tmp_path / "current").write_text("2026-11-20-001\n")
    assert refusal(Releases(tmp_path).open) == (
        f"the current release of {tmp_path}, 2026-11-20-001, is not there any more; "
        f"`leadledger releases use {name}` chooses one"
    )


# -- damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [CARD, LEARNED, METRICS, PROVENANCE, "estimator.joblib"])
def test_changed_file(tmp_path: Path, file: str) -> None:
    """A release of which one file was changed is refused, whichever it is, and the former stays current."""
    former = publish(tmp_path)
    name = publish(tmp_path, files={"estimator.joblib": b"trees"}, current=False)
    store = Releases(tmp_path)
    path = tmp_path / "releases" / name / file
    overwrite(path, path.read_bytes() + b" ")
    message = refusal(lambda: store.open(name))
    first, second, third = message.splitlines()
    assert first == f"release {name} is refused:"
    assert second.startswith(f"  {file} is not what was published: its SHA-256 is ")
    assert third == f"A release is never edited; `leadledger releases use {former}` chooses another"
    for ask in (store.use, store.show, lambda name: store.diff(former, name), lambda name: store.read(name, file)):
        assert refusal(lambda ask=ask: ask(name)) == message  # type: ignore[misc]
    assert store.current() == former
    assert store.open().release == former


def test_every_damage_is_named(tmp_path: Path) -> None:
    """All files that were changed or are missing are named at once; without another release, training makes one."""
    name = publish(tmp_path)
    folder = tmp_path / "releases" / name
    overwrite(folder / METRICS, b"{}")
    (folder / CARD).unlink()
    lines = refusal(Releases(tmp_path).open).splitlines()
    assert lines[1] == "  card.yaml is missing"
    assert lines[2].startswith("  metrics.json is not what was published: its SHA-256 is 44136fa355b3…, ")
    assert lines[3] == f"A release is never edited; there is no other; {HOW_TO_RELEASE}"


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that can't be opened is named with the reason."""
    name = publish(tmp_path)
    (tmp_path / "releases" / name / CARD).unlink()
    (tmp_path / "releases" / name / CARD).mkdir()
    assert "\n  card.yaml can't be read: Is a directory\n" in refusal(Releases(tmp_path).open)


def test_card_that_no_longer_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release whose card this version refuses is refused with every problem of the card."""
    name = publish(tmp_path)
    with monkeypatch.context() as patch:
        # The card was sound when it was published; a later version has another view of it.
        patch.setattr(
            leadledger.models.releases.store,
            "parse_card",
            lambda text, file, **options: parse_card(text.replace("kind: flag", "kind: bool"), file, **options),
        )
        message = refusal(Releases(tmp_path).open)
        assert refusal(lambda: Releases(tmp_path).use(name)) == message
    assert message == (
        f"release {name} is refused:\n"
        "  its card can't be read any more:\n"
        "  card.yaml:5:16: `kind` of field 'demo' is 'bool', which is not one of: number, text, flag, date, id,"
        " choices\n"
        "A release is never edited; there is no other;"
        " `leadledger release CARD` or `leadledger train CARD DATA` makes one"
    )
    assert Releases(tmp_path).open().release == name


def test_learned_that_no_longer_reads(tmp_path: Path) -> None:
    """A release whose digests hold, and whose learned part is of no use, is refused with the place of the mistake."""
    name = publish(tmp_path)
    folder = tmp_path / "releases" / name
    content = (folder / LEARNED).read_bytes().replace(b'"trust": 0.75', b'"trust": 7.5')
    overwrite(folder / LEARNED, content)
    digest = hashlib.sha256(content).hexdigest()
    reseal(folder, lambda manifest: manifest["files"].update({LEARNED: digest}))
    assert "\n  learned.json: $.trust is 7.5; it must lie between 0 and 1\n" in refusal(Releases(tmp_path).open)


# -- what is not published --------------------------------------------------------------------------------------------


def test_nothing_unsound_is_published(tmp_path: Path) -> None:
    """What could not be opened again is refused before anything is written."""
    with pytest.raises(
        ScorecardError, match=r"^card\.yaml:3:1: unknown key 'titel' in the card\. Did you mean 'title'\?$"
    ):
        publish(tmp_path, card_text=CARD_TEXT.replace("fields:", "titel: Small\nfields:"))
    wrong = Learned(terms=(Table("demo", NumberBins(()), (0, 0), (0, 0)),))
    assert refusal(lambda: publish(tmp_path, learned=wrong)) == (
        "the term 'demo' has number bins for the field 'demo'; its kind in the card is flag"
    )
    short = Learned(terms=(Table("demo", FlagBins(), (0, 0), (0, 0)),))
    assert refusal(lambda: publish(tmp_path, learned=short)) == "the term 'demo' has 2 points for 3 bins"
    assert refusal(lambda: publish(tmp_path, learned=Learned(trust=float("nan")))) == "NaN is not a finite number"
    assert refusal(lambda: publish(tmp_path, metrics={"auc": float("nan")})).startswith(
        "metrics.json can't be written as JSON: "
    )
    assert refusal(lambda: publish(tmp_path, provenance={"at": DAY})).startswith(
        "provenance.json can't be written as JSON: "
    )
    for file in ("../x", "", ".hidden", "a/b", CARD, MANIFEST, "a\n"):
        message = refusal(lambda file=file: publish(tmp_path, files={file: b""}))  # type: ignore[misc]
        assert message.startswith("a release can't have a further file named ")
    assert list(tmp_path.iterdir()) == []

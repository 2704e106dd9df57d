"""Which releases there are, and which of them is served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from leadledger.api.requests.mistakes import Mistakes, Refusal
from leadledger.api.requests.parameters import read_pairs
from leadledger.api.service.service import Service
from leadledger.models.releases.changes import Diff
from leadledger.models.releases.manifest import CARD
from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import ReleaseError, ReleaseHomeError, did_you_mean

Answer = TypeVar("Answer")


async def list_releases(service: Service) -> dict[str, Any]:
    """All releases of the home, oldest first, and which one the service serves. Raises Refusal (503)."""
    try:
        releases = await asyncio.to_thread(Releases(service.settings.home).list)
    except ReleaseError as error:
        text = str(error)
        raise Refusal(503, f"{text[:1].upper()}{text[1:]}.", retry_after=1) from None
    served = service.loaded.release
    return {
        "serves": served,
        "follows": service.follows,
        "problem": service.problem,
        "releases": [release.to_dict() | {"served": release.name == served} for release in releases],
    }


async def use_release(service: Service, name: str, who: str = "") -> dict[str, Any]:
    """Make a release the current one and serve it; a damaged one is refused, and the one before is served on.

    `who` is the name of the caller's key, for the journal.

    Raises Refusal: it isn't there (404), it can't be used, or the service serves another, whatever is current (409),
    the home can't be written to (503).
    """
    if not service.follows:
        only = f"the release {service.loaded.release}" if service.loaded.release else "a card alone"
        raise Refusal(409, f"This service was started to serve {only}, whatever release is current.")
    releases = Releases(service.settings.home)
    try:
        names = await asyncio.to_thread(releases.names)
        if name not in names:
            raise Refusal(404, f"There is no release of this name.{did_you_mean(name, reversed(names))}")
        was = service.loaded.release
        await asyncio.to_thread(lambda: releases.use(name, by=who))
        await service.follow()
    except ReleaseHomeError as error:
        raise Refusal(
            503, f"The home can't be written to, and {service.loaded.release} is served on: {error}."
        ) from None
    except ReleaseError as error:
        raise Refusal(409, f"It can't be used, and {service.loaded.release} is served on: {error}.") from None
    return {"release": name, "was": was}


@dataclass(frozen=True)
class ComparedReleases:
    """Two releases beside each other: what each is, the texts of their cards, and what differs in points."""

    old: dict[str, Any]
    new: dict[str, Any]
    texts: tuple[str, str]
    diff: Diff


async def show_release(service: Service, name: str) -> dict[str, Any]:
    """The manifest, metrics and provenance of a release, as `leadledger releases show --json` prints them.

    Raises Refusal: it isn't there (404), it is damaged (409).
    """
    return await asyncio.to_thread(_call, service, (name,), lambda releases: releases.show(name))


async def read_release_file(service: Service, name: str, file: str) -> bytes:
    """A file of a release, as it was published. Raises Refusal: it isn't there (404), it is damaged (409)."""

    def read(releases: Releases) -> bytes:
        if file not in releases.show(name)["files"]:
            raise Refusal(404, f"Release {name} has no file {file}.")
        return releases.read(name, file)

    return await asyncio.to_thread(_call, service, (name,), read)


async def compare_releases(service: Service, old: str, new: str) -> ComparedReleases:
    """What differs from one release to another. Raises Refusal: one isn't there (404), or is damaged (409)."""

    def compare(releases: Releases) -> ComparedReleases:
        texts = [releases.read(name, CARD).decode("utf-8-sig", "replace") for name in (old, new)]
        return ComparedReleases(releases.show(old), releases.show(new), (texts[0], texts[1]), releases.diff(old, new))

    return await asyncio.to_thread(_call, service, (old, new), compare)


async def read_other(service: Service, query: bytes) -> str:
    """The release that a request compares with: its parameter `old`, or the current one.

    Raises Refusal: a parameter is wrong (422), no release is current (404).
    """
    mistakes = Mistakes()
    names = [name for _, name in read_pairs(query, ("old",), mistakes)]
    if len(names) > 1:
        mistakes.add(("?old",), "is given more than once; send it once")
    if mistakes:
        raise mistakes.to_refusal("compared")
    current = names[0] if names else await asyncio.to_thread(_call, service, (), Releases.current)
    if current is None:
        raise Refusal(404, "No release is current; say with `old` which one it is to be compared with.")
    return current


def _call(service: Service, names: Sequence[str], function: Callable[[Releases], Answer]) -> Answer:
    """What a function makes of the releases of the home, of which some must be there."""
    releases = Releases(service.settings.home)
    try:
        known = releases.names()
        for name in names:
            if name not in known:
                raise Refusal(404, f"There is no release of this name.{did_you_mean(name, reversed(known))}")
        return function(releases)
    except ReleaseError as error:
        raise Refusal(409, f"It can't be read: {error}.") from None

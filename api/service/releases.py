"""Which releases there are, and which of them is served."""

from __future__ import annotations

import asyncio
from typing import Any

from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.service import Service
from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import ReleaseError, ReleaseHomeError, did_you_mean


async def list_releases(service: Service) -> dict[str, Any]:
    """All releases of the home, oldest first, and which one the service serves. Raises Refusal (503)."""
    try:
        releases = await asyncio.to_thread(Releases(service.settings.home).list)
    except ReleaseError as error:
        raise Refusal(503, f"The releases can't be listed: {error}.", retry_after=1) from None
    served = service.loaded.release
    return {
        "serves": served,
        "follows": service.follows,
        "problem": service.problem,
        "releases": [release.to_dict() | {"served": release.name == served} for release in releases],
    }


async def use_release(service: Service, name: str) -> dict[str, Any]:
    """Make a release the current one and serve it; a damaged one is refused, and the one before is served on.

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
        await asyncio.to_thread(releases.use, name)
        await service.follow()
    except ReleaseHomeError as error:
        raise Refusal(
            503, f"The home can't be written to, and {service.loaded.release} is served on: {error}."
        ) from None
    except ReleaseError as error:
        raise Refusal(409, f"It can't be used, and {service.loaded.release} is served on: {error}.") from None
    return {"release": name, "was": was}

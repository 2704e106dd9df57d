"""The key `time_zone` of a card: the zone whose days count."""

from __future__ import annotations

import re
import zoneinfo

import yaml

from leadledger.scoring.card.yaml_shapes import Shapes
from leadledger.scoring.day_forms import UTC_NAME
from leadledger.scoring.errors import did_you_mean, quote

# The names that every engine knows: an area and a place. What `CET` or `+01:00` is differs between engines.
_AREAS = "Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific"
_PLACE = re.compile(rf"({_AREAS})/[A-Za-z0-9_/+-]+")


def read_time_zone(shapes: Shapes, node: yaml.Node) -> str:
    """The name of a time zone; UTC where it can't be read."""
    name = shapes.read_text(node, "`time_zone`")
    if name is None or name == UTC_NAME:
        return UTC_NAME
    known = sorted(filter(_PLACE.fullmatch, zoneinfo.available_timezones()))
    if name in known:
        return name
    if not known:
        shapes.add_problem(node, "`time_zone` needs the list of time zones, which this machine lacks; install `tzdata`")
        return UTC_NAME
    by_place = {zone.rpartition("/")[2].casefold(): zone for zone in known} | {zone.casefold(): zone for zone in known}
    zone = by_place.get(name.strip().replace(" ", "_").casefold())
    hint = f" Did you mean {quote(zone)}?" if zone else did_you_mean(name, known).partition(" Use one of")[0]
    mend = "write the area and the place, like Europe/Oslo, or UTC" + (f".{hint}" if hint else "")
    shapes.add_problem(node, f"`time_zone` is {quote(name)}, which is no time zone; {mend}")
    return UTC_NAME

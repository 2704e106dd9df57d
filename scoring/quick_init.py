"""A quick `__init__` for frozen dataclasses with slots.

The one that `dataclasses` writes looks `object.__setattr__` up by name for each field, and that the field: of a result
with twenty fields, that takes half as long as all its points. The descriptors of the slots store a value at once.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T", bound=type)


def quick_init(made: T) -> T:
    """The frozen dataclass with slots `made`, whose `__init__` takes the same arguments in less than half the time.

    For classes whose defaults, if any, are plain values, and which have no `__post_init__`.
    """
    space: dict[str, Any] = {}
    parameters, lines = [], []
    for field in fields(made):
        space[f"store_{field.name}"] = made.__dict__[field.name].__set__
        parameters.append(field.name)
        if field.default is not MISSING:
            space[f"default_{field.name}"] = field.default
            parameters[-1] += f"=default_{field.name}"
        lines.append(f"    store_{field.name}(self, {field.name})")
    exec("\n".join([f"def __init__(self, {', '.join(parameters)}):", *lines]), space)
    space["__init__"].__qualname__ = f"{made.__qualname__}.__init__"
    space["__init__"].__annotations__ = made.__dict__["__init__"].__annotations__
    type.__setattr__(made, "__init__", space["__init__"])
    return made

"""A quick `__init__` for frozen dataclasses with slots.

The one that `dataclasses` writes looks `object.__setattr__` up by name for each field, and that the field: of a result
with twenty fields, that takes as long as all its points. This one makes the new object, for as long as its fields are
stored, one of a class with the same slots that isn't frozen.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T", bound=type)


def quick_init(made: T) -> T:
    """The frozen dataclass with slots `made`, whose `__init__` takes the same arguments in a fifth of the time.

    For classes without subclasses whose defaults, if any, are plain values, and which have no `__post_init__`.
    """
    space: dict[str, Any] = {
        "made": made,
        "Thawed": type(f"Thawed{made.__name__}", (), {"__slots__": made.__dict__["__slots__"]}),
        "set_class": object.__dict__["__class__"].__set__,
    }
    parameters, lines = [], []
    for field in fields(made):
        parameters.append(field.name)
        if field.default is not MISSING:
            space[f"default_{field.name}"] = field.default
            parameters[-1] += f"=default_{field.name}"
        lines.append(f"    self.{field.name} = {field.name}")
    lines = [f"def __init__(self, {', '.join(parameters)}):", "    set_class(self, Thawed)", *lines]
    exec("\n".join([*lines, "    self.__class__ = made"]), space)
    space["__init__"].__qualname__ = f"{made.__qualname__}.__init__"
    space["__init__"].__annotations__ = made.__dict__["__init__"].__annotations__
    type.__setattr__(made, "__init__", space["__init__"])
    return made

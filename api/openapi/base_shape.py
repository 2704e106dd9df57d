"""The base of the models that describe bodies in /openapi.json."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import GenerateJsonSchema

# The document calls these by the whole names of their classes, and every other shape by its name without `Shape`.
_WHOLE_NAMES = ("KeyShape", "CardFieldShape")


class Shape(BaseModel):
    """A body or a part of one. Its schema is named like its class without `Shape`; clients are generated from it."""

    model_config = ConfigDict(
        extra="forbid", defer_build=True, model_title_generator=lambda shape: shape.__name__.removesuffix("Shape")
    )


class ShapeJsonSchema(GenerateJsonSchema):
    """Generates the schemas of shapes under the names of the document."""

    def normalize_name(self, name: str) -> str:
        """The name of a schema, from that of its class."""
        return name if name in _WHOLE_NAMES else super().normalize_name(name).removesuffix("Shape")

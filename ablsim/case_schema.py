"""How the JSON Schema of case files is written, for editors."""

from types import NoneType

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


class EditorSchema(GenerateJsonSchema):
    """JSON Schema as editors of TOML want it: no null, no titles that repeat the keys."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Return the schema of a key that may be left out."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Return the schema of a key with its default, if that is a plain value."""
        described = super().default_schema(schema)
        if isinstance(described.get("default"), (dict, list, NoneType)):
            described.pop("default", None)
        return described

    def field_title_should_be_set(self, schema: object) -> bool:
        """Say that keys need no titles."""
        return False

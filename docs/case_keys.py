"""Writes the reference of case files from the schema that checks them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ablsim.case import Case


def write_case_keys(target: Path) -> None:
    """Write a table of keys for each table of a case file."""
    schema = Case.json_schema()
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(_tables(schema)) + "\n", encoding="utf-8")


def _tables(schema: dict[str, Any]) -> Iterator[str]:
    definitions = schema.get("$defs", {})
    plain = {}
    parts = {}
    for key, entry in schema["properties"].items():
        is_many = entry.get("type") == "array"
        reference = entry.get("items", {}).get("$ref") if is_many else entry.get("$ref")
        if reference is None:
            plain[key] = entry
        else:
            parts[f"[[{key}]]" if is_many else f"[{key}]"] = definitions[reference.split("/")[-1]]
    yield from _table("At the top", {"properties": plain, "required": schema.get("required", [])})
    for name, part in parts.items():
        yield from _table(f"`{name}`", part)


def _table(heading: str, part: dict[str, Any]) -> Iterator[str]:
    yield f"## {heading}\n"
    if text := part.get("description"):
        yield text.split(": ", 1)[-1].split("\n\n")[0].replace("\n", " ").replace("``", "`") + "\n"
    yield "| key | default | what it is |"
    yield "| --- | --- | --- |"
    for key, entry in part["properties"].items():
        needed = key in part.get("required", [])
        default = "required" if needed else f"`{entry['default']}`" if "default" in entry else ""
        about = entry.get("description", "").replace("|", "or")
        choices = entry.get("enum")
        if choices:
            about += f" ({', '.join(f'`{choice}`' for choice in choices)})"
        yield f"| `{key}` | {default} | {about} |"
    yield ""

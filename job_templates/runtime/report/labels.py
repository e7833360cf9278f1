"""What the template's form calls its settings, for the page that lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def settings_in_words(
    folder: Path, parameters: dict[str, Any], language: str
) -> list[tuple[str, str]]:
    """Label and value of every setting that mattered, as the form showed them."""
    fields = _fields(folder)
    if not fields:
        return [(name, _value({}, value, language)) for name, value in parameters.items()]
    words = []
    for field in fields:
        value = parameters.get(field["name"])
        matters = all(
            str(parameters.get(name)) in values
            for name, values in field.get("only_for", {}).items()
        )
        if value is not None and matters:
            words.append((field["label"][language], _value(field, value, language)))
    return words


def _fields(folder: Path) -> list[dict[str, Any]]:
    try:
        import tomllib  # part of Python since 3.11; an older environment shows plain names
    except ImportError:
        return []
    document = tomllib.loads((folder / "template.toml").read_text(encoding="utf-8"))
    return list(document["field"])


def _value(field: dict[str, Any], value: Any, language: str) -> str:
    for option in field.get("options", ()):
        if option["value"] == value:
            return str(option["label"][language])
    if isinstance(value, bool):
        yes, no = ("是", "否") if language == "zh" else ("yes", "no")
        return yes if value else no
    if isinstance(value, list):
        return ("、" if language == "zh" else ", ").join(map(str, value))
    unit = field.get("unit", {}).get(language)
    return f"{value} {unit}" if unit else str(value)

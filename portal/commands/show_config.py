"""kesuan show-config: the settings in effect, or the page that documents every one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from portal.commands.house import settings
from portal.commands.settings_page import page
from portal.config import effective


@click.command("show-config")
@click.option("--documentation", is_flag=True, help="Print docs/settings.md instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of TOML.")
def command(documentation: bool, as_json: bool) -> None:
    """Print the settings in effect, defaults included. Secrets are in files, and stay there."""
    if documentation:
        click.echo(page(), nl=False)
        return
    plain = effective(settings())
    click.echo(json.dumps(plain, default=str, indent=2) if as_json else "\n".join(_toml(plain)))


def _toml(tables: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Lines that `portal.config.load` would read again."""
    for name, table in tables.items():
        nested = table and all(isinstance(value, Mapping) for value in table.values())
        if nested:
            yield from _toml(table, f"{above}{_key(name)}.")
            continue
        yield f"[{above}{_key(name)}]"
        yield from (_line(key, value) for key, value in table.items())
        yield ""


def _line(key: str, value: Any) -> str:
    return f"# {key} is not set" if value is None else f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    # A JSON string, number or boolean is one of TOML too.
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def _key(name: str) -> str:
    bare = name.replace("-", "").replace("_", "").isalnum() and name.isascii()
    return name if bare else json.dumps(name, ensure_ascii=False)

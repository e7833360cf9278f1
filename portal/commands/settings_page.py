"""docs/settings.md, made from the settings themselves so that it cannot drift from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, Field
from itertools import groupby
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from portal import config

HEAD = """\
# Settings

One TOML file, named by `kesuan --settings FILE`, else by `{variable}`, else `{file}`.
Web and agent read the same one. `kesuan show-config` prints what is in effect; a bad file is
reported whole, every fault with its key, what was found and what is allowed. Relative paths are
from the file's own folder. Secrets are never in it: a setting `…_file` names the file of one.

This page is what `kesuan show-config --documentation` prints.
"""
TYPES = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
}


def page() -> str:
    """The whole page, in Markdown."""
    return "".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD.format(variable=config.ENVIRONMENT_VARIABLE, file=config.DEFAULT_FILE)
    for section, group in groupby(config.documented(), key=lambda pair: pair[0].rpartition(".")[0]):
        kind = _kind(section)
        yield f"\n## [{section}]\n\n{(kind.__doc__ or '').strip()}\n\n"
        yield "| key | meaning | allowed | default |\n|---|---|---|---|\n"
        for key, item in group:
            hint = get_type_hints(kind)[item.name]
            name = key.rpartition(".")[2]
            cells = (f"`{name}`", item.metadata["doc"], allowed(hint, item), default(item))
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def allowed(hint: Any, item: Field[Any]) -> str:
    """The values that a setting takes, in words."""
    if item.metadata["choices"]:
        return " or ".join(f"`{choice}`" for choice in item.metadata["choices"])
    low, high = item.metadata["low"], item.metadata["high"]
    bounds = f" from {low} to {high}" if low is not None else ""
    return _type(hint) + bounds


def default(item: Field[Any]) -> str:
    """What holds where the file says nothing."""
    value = item.default
    if item.default_factory is not MISSING:
        value = item.default_factory()
    if value is MISSING:
        return "must be set"
    return "not set" if value is None else f"`{json.dumps(value, ensure_ascii=False)}`"


def _kind(section: str) -> type:
    hint = get_type_hints(config.Settings)[section.partition(".")[0]]
    kind = get_args(hint)[1] if get_origin(hint) is dict else hint
    if not isinstance(kind, type):
        raise TypeError(f"{section} is no section")
    return kind


def _type(hint: Any) -> str:
    if get_origin(hint) in (Union, UnionType):
        hint = next(inner for inner in get_args(hint) if inner is not type(None))
    if get_origin(hint) is list:
        return f"list of {_type(get_args(hint)[0])}"
    if get_origin(hint) is dict:
        return "table of text"
    return TYPES[hint]

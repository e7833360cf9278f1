"""How a program is called: by the launcher with a run.json, or by hand on a laptop."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from runtime.failures import DataUnreadable, Failure
from runtime.files import read_json


def parse(argv: list[str] | None, folder: Path) -> tuple[dict[str, Any], Path, Path, float]:
    """The run's description, the data's place, the folder for what comes out, the start time.

    Args:
        folder: the template's own folder; its template.toml says the defaults on a laptop.

    Raises:
        Failure: the run or the settings cannot be read.
    """
    parser = argparse.ArgumentParser(description="Trains one model. See README.md beside it.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", type=Path, metavar="run.json", help="a run as the portal made it")
    source.add_argument(
        "--data", type=Path, help="a data set's folder, a .csv, a .zip or a folder of pictures"
    )
    parser.add_argument("--out", type=Path, default=Path("result"), help="default: ./result")
    parser.add_argument(
        "--set", action="append", default=[], metavar="name=value", help="a setting, with --data"
    )
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="with --data")
    parser.add_argument("--seed", type=int, default=1, help="with --data")
    parser.add_argument("--launched-at", type=float, default=time.time(), help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    given.out.mkdir(parents=True, exist_ok=True)
    if given.run is None:
        run = {
            "run": "laptop",
            "template": folder.name,
            "parameters": _settings(folder, given.set),
            "data": {"name": given.data.stem},
            "language": given.language,
            "seed": given.seed,
        }
        return run, given.data.resolve(), given.out, given.launched_at
    try:
        run = read_json(given.run)
        data = (given.run.resolve().parent / run["data"]["folder"]).resolve()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataUnreadable(f"{given.run} cannot be used: {error!r}") from error
    return run, data, given.out, given.launched_at


def _settings(folder: Path, words: list[str]) -> dict[str, Any]:
    """The template's defaults with what was set by hand put over them."""
    import tomllib  # Python 3.11: a laptop has the environment's Python, a node's job no need

    document = tomllib.loads((folder / "template.toml").read_text(encoding="utf-8"))
    fields = {field["name"]: field for field in document["field"]}
    settings = {name: field["default"] for name, field in fields.items() if "default" in field}
    for word in words:
        name, equals, value = word.partition("=")
        if name not in fields or not equals:
            raise Failure(f"--set {word}: say name=value, with a name of {', '.join(fields)}")
        settings[name] = _value(fields[name]["type"], value)
    return settings


def _value(kind: str, text: str) -> Any:
    if kind == "integer":
        return int(text)
    if kind == "number":
        return float(text)
    if kind == "boolean":
        return text.lower() in ("true", "yes", "1", "on")
    return text.split(",") if kind == "columns" else text

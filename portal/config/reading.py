"""One TOML file becomes one frozen object, or every fault of the file at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from portal.config import together
from portal.config.faults import BadSettings, Fault
from portal.config.settings import Settings

ENVIRONMENT_VARIABLE = "KESUAN_SETTINGS"
DEFAULT_FILE = Path("/etc/kesuan/kesuan.toml")


def load(path: Path) -> Settings:
    """Read a settings file.

    Raises `BadSettings` with every fault at once. Relative paths are from the file's own folder.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as cause:
        fault = Fault("(file)", cause.strerror or "no file", "a readable TOML file")
        raise BadSettings(path, [fault]) from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise BadSettings(path, [Fault("(file)", str(cause), "TOML in UTF-8")]) from cause
    faults: list[Fault] = []
    settings: Settings | None = _section(Settings, raw, "", path.parent.resolve(), faults)
    if settings is not None:
        faults += together.faults_of(settings)
    if faults or settings is None:
        raise BadSettings(path, faults)
    return settings


def _section(kind: type, raw: object, key: str, base: Path, faults: list[Fault]) -> Any:
    """Build one dataclass from a TOML table; None where it could not be built."""
    if not isinstance(raw, Mapping):
        faults.append(Fault(key, repr(raw), "a table"))
        return None
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind)}
    for name in raw.keys() - known.keys():
        faults.append(Fault(_join(key, name), "an unknown key", ", ".join(known)))
    values: dict[str, Any] = {}
    before = len(faults)
    for name, item in known.items():
        where = _join(key, name)
        hint = hints[name]
        if is_dataclass(hint) and isinstance(hint, type):
            values[name] = _section(hint, raw.get(name, {}), where, base, faults)
        elif get_origin(hint) is dict and is_dataclass(get_args(hint)[1]):
            values[name] = _named(get_args(hint)[1], raw.get(name, {}), where, base, faults)
        elif name in raw:
            values[name] = _value(hint, raw[name], item, where, base, faults)
        elif item.default is MISSING and item.default_factory is MISSING:
            faults.append(Fault(where, "nothing", _allowed(hint, item)))
    return kind(**values) if len(faults) == before else None


def _named(kind: type, raw: object, key: str, base: Path, faults: list[Fault]) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        faults.append(Fault(key, repr(raw), "a table of tables"))
        return {}
    return {name: _section(kind, v, _join(key, name), base, faults) for name, v in raw.items()}


def _value(
    hint: Any, found: object, item: Field[Any], key: str, base: Path, faults: list[Fault]
) -> Any:
    """One value of the right type and within its bounds, or a fault noted."""
    good = _typed(_plain(hint), found, base)
    if good is MISSING or not _within(good, item):
        faults.append(Fault(key, repr(found), _allowed(hint, item)))
        return None
    return good


def _typed(plain: Any, found: object, base: Path) -> Any:
    """`found` as the type that is wanted, or MISSING where it is not of that type."""
    if plain is Path:
        return base / Path(found).expanduser() if isinstance(found, str) and found else MISSING
    if get_origin(plain) is list:
        if not isinstance(found, list):
            return MISSING
        items = [_typed(get_args(plain)[0], item, base) for item in found]
        return MISSING if MISSING in items else items
    if get_origin(plain) is dict:
        strings = isinstance(found, Mapping) and all(isinstance(x, str) for x in found.values())
        return dict(found) if strings and isinstance(found, Mapping) else MISSING
    if plain is float and isinstance(found, int) and not isinstance(found, bool):
        return float(found)
    # bool is an int to Python, and never to the person who wrote the file.
    right = isinstance(found, plain) and isinstance(found, bool) == (plain is bool)
    return found if right else MISSING


def _within(value: Any, item: Field[Any]) -> bool:
    choices, low, high = (item.metadata[k] for k in ("choices", "low", "high"))
    if choices and value not in choices:
        return False
    return (low is None or value >= low) and (high is None or value <= high)


def _allowed(hint: Any, item: Field[Any]) -> str:
    if item.metadata["choices"]:
        return " | ".join(item.metadata["choices"])
    plain = _plain(hint)
    name = "path" if plain is Path else getattr(plain, "__name__", str(plain))
    low, high = item.metadata["low"], item.metadata["high"]
    return f"{name} from {low} to {high}" if low is not None else name


def _plain(hint: Any) -> Any:
    """`X` of `X | None`."""
    if get_origin(hint) in (Union, UnionType):
        return next(a for a in get_args(hint) if a is not type(None))
    return hint


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name

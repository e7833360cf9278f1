"""What a content is: the `manifest.json` beside it, which the training programs read too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from portal.datasets import sentences
from portal.datasets.sentences import Malformed
from portal.language import Message, Text

VERSION = 1

ColumnType = Literal["number", "text"]
Mode = Literal["L", "RGB"]


@dataclass(frozen=True)
class Column:
    """A column of a table; `values` are the most frequent ones of a text column."""

    name: str
    type: ColumnType
    missing: int
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClassCount:
    """A class and how many examples of it there are."""

    name: str
    count: int


@dataclass(frozen=True, kw_only=True)
class TableManifest:
    """A table in `data.csv`: UTF-8, comma, header row, missing values as empty cells."""

    rows: int
    columns: tuple[Column, ...]
    label: str
    classes: tuple[ClassCount, ...]
    bytes: int
    warnings: tuple[Message, ...] = ()
    class_names: Mapping[str, Text] = field(default_factory=dict)
    kind: Literal["table"] = "table"

    def plain(self) -> dict[str, Any]:
        """As it is written to `manifest.json`."""
        columns: list[dict[str, Any]] = []
        for column in self.columns:
            item: dict[str, Any] = {
                "name": column.name,
                "type": column.type,
                "missing": column.missing,
            }
            if column.type == "text":
                item["values"] = list(column.values)
            columns.append(item)
        own = {"rows": self.rows, "columns": columns, "label": self.label}
        return _head(self) | own | _tail(self)


@dataclass(frozen=True, kw_only=True)
class PicturesManifest:
    """Pictures in `pictures.zip`, as `class/000001.png` or `.jpg`; sizes are the largest."""

    count: int
    classes: tuple[ClassCount, ...]
    width: int
    height: int
    same_size: bool
    mode: Mode
    bytes: int
    warnings: tuple[Message, ...] = ()
    class_names: Mapping[str, Text] = field(default_factory=dict)
    kind: Literal["pictures"] = "pictures"

    def plain(self) -> dict[str, Any]:
        """As it is written to `manifest.json`."""
        own = {
            "count": self.count,
            "width": self.width,
            "height": self.height,
            "same_size": self.same_size,
            "mode": self.mode,
        }
        return _head(self) | own | _tail(self)


Manifest = TableManifest | PicturesManifest


def _head(manifest: Manifest) -> dict[str, Any]:
    return {"version": VERSION, "kind": manifest.kind}


def _tail(manifest: Manifest) -> dict[str, Any]:
    tail: dict[str, Any] = {
        "classes": [{"name": c.name, "count": c.count} for c in manifest.classes],
        "bytes": manifest.bytes,
        "warnings": [sentences.plain(w) for w in manifest.warnings],
    }
    if manifest.class_names:
        tail["class_names"] = {
            name: {"zh": text.zh, "en": text.en} for name, text in manifest.class_names.items()
        }
    return tail


def parse(found: object) -> Manifest:
    """The manifest that `plain` wrote. Raises `Malformed` for anything else."""
    try:
        return _parse(found)
    except (KeyError, TypeError, AttributeError, RecursionError) as cause:
        raise Malformed(f"not a manifest: {cause!r}") from cause


def _parse(found: Any) -> Manifest:
    if found["version"] != VERSION:
        raise Malformed(f"manifest of version {found['version']!r}")
    classes = tuple(ClassCount(_text(c["name"]), _count(c["count"])) for c in found["classes"])
    warnings = sentences.messages(found.get("warnings", []))
    names = class_names(found.get("class_names", {}))
    read: Callable[..., Manifest] = _table if found["kind"] == "table" else _pictures
    return read(
        found,
        classes=classes,
        bytes=_count(found["bytes"]),
        warnings=warnings,
        class_names=names,
    )


def _table(found: Any, **common: Any) -> TableManifest:
    columns = tuple(
        Column(
            _text(c["name"]),
            _one_of(c["type"], "number", "text"),
            _count(c["missing"]),
            tuple(_text(v) for v in c.get("values", ())),
        )
        for c in found["columns"]
    )
    label = _one_of(found["label"], *(c.name for c in columns))
    return TableManifest(rows=_count(found["rows"]), columns=columns, label=label, **common)


def _pictures(found: Any, **common: Any) -> PicturesManifest:
    _one_of(found["kind"], "pictures")
    return PicturesManifest(
        count=_count(found["count"]),
        width=_count(found["width"]),
        height=_count(found["height"]),
        same_size=found["same_size"] is True,
        mode=_one_of(found["mode"], "L", "RGB"),
        **common,
    )


def class_names(found: Any) -> dict[str, Text]:
    """The names of classes in both languages, from JSON."""
    return {
        _text(name): Text(zh=_text(both["zh"]), en=_text(both["en"]))
        for name, both in found.items()
    }


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise Malformed(f"{found!r} is no text")
    return found


def _count(found: object) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise Malformed(f"{found!r} is no count")
    return found


def _one_of(found: object, *allowed: str) -> Any:
    if found not in allowed:
        raise Malformed(f"{found!r} is none of {allowed}")
    return found

"""Reads one template's folder: a `Template`, or every fault that keeps it from being one."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from portal.catalog.checks import faults_of
from portal.catalog.document import Document
from portal.catalog.template import Template
from portal.language import N_, Message

TOML = "template.toml"
FOLDER_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
LONGEST_FOUND = 60
LARGEST_TOML = 256 * 1024
LEFT_OUT = ("__pycache__",)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a folder: where, what was found, what is allowed."""

    file: Path
    key: str
    found: str
    message: Message

    def in_language(self, language: str) -> str:
        """One line for whoever wrote the template."""
        found = N_("(found: {found})", found=self.found).in_language(language) if self.found else ""
        line = f"{self.file}: {self.key}: {self.message.in_language(language)} {found}"
        return line.rstrip()

    def __str__(self) -> str:
        return self.in_language("en")


class BadTemplate(ValueError):
    """A folder that is no template; `faults` says all that is wrong."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def check_folder(path: Path) -> list[Fault]:
    """Every fault of a template's folder, in the order of the file; none for a good one."""
    try:
        load_template(path)
    except BadTemplate as bad:
        return bad.faults
    return []


def load_template(path: Path) -> Template:
    """The template in a folder.

    Raises:
        BadTemplate: with every fault, when the folder is not one.
    """
    toml = path / TOML
    if not FOLDER_NAME.fullmatch(path.name):
        message = N_("A folder's name is made of small letters, digits and -.")
        raise BadTemplate([Fault(path, "", path.name, message)])
    raw = _read(toml)
    try:
        document: dict[str, Any] = Document().load(raw)
    except ValidationError as error:
        raise BadTemplate(list(_faults(toml, raw, error.messages))) from error
    head = document["template"]
    template = Template(
        name=path.name,
        folder=path,
        version=version_of(path),
        title=head["title"],
        summary=head["summary"],
        data=head["data"],
        program=f"{path.name}/{head['program']}",
        environment=head["environment"],
        sample=head.get("sample"),
        resources=document["resources"],
        estimate=document["estimate"],
        fields=tuple(document["field"]),
        curve=document["curve"],
        headline=document["headline"],
        artifacts=tuple(document["artifact"]),
    )
    faults = [Fault(toml, key, _found(raw, key), message) for key, message in faults_of(template)]
    if faults:
        raise BadTemplate(faults)
    return template


def version_of(folder: Path) -> str:
    """Twelve hex digits that change whenever a file of the folder does."""
    return hash_of(files_of(folder))


def files_of(folder: Path) -> dict[str, Path]:
    """The files that make a folder what it is, by relative name; caches, links and hidden files
    are left out.
    """
    found = {
        path.relative_to(folder): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
    return {
        name.as_posix(): path
        for name, path in found.items()
        if not any(part in LEFT_OUT or part.startswith(".") for part in name.parts)
    }


def hash_of(files: Mapping[str, Path]) -> str:
    """Twelve hex digits of names and bytes."""
    digest = hashlib.sha256()
    for name, path in files.items():
        body = path.read_bytes()
        digest.update(b"%d %s %d " % (len(name), name.encode(), len(body)) + body)
    return digest.hexdigest()[:12]


def _read(toml: Path) -> dict[str, Any]:
    try:
        body = toml.read_bytes()
    except OSError as error:
        message = N_("The file cannot be read: {why}.", why=error.strerror or "")
        raise BadTemplate([Fault(toml, TOML, "", message)]) from error
    if len(body) > LARGEST_TOML:
        message = N_("The file is larger than {most} bytes.", most=LARGEST_TOML)
        raise BadTemplate([Fault(toml, TOML, str(len(body)), message)])
    try:
        return tomllib.loads(body.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = N_("This is not a TOML file in UTF-8: {why}.", why=str(error))
        raise BadTemplate([Fault(toml, TOML, "", message)]) from error


def _faults(toml: Path, raw: Any, messages: Any, key: str = "") -> Iterator[Fault]:
    """marshmallow's tree of messages as a flat list of keys."""
    if isinstance(messages, Mapping):
        for name, below in messages.items():
            if name == "_schema":
                inner = key
            elif isinstance(name, int):
                inner = f"{key}[{name}]"
            else:
                inner = f"{key}.{name}" if key else str(name)
            yield from _faults(toml, raw, below, inner)
    elif isinstance(messages, list):
        for message in messages:
            yield from _faults(toml, raw, message, key)
    else:
        yield Fault(toml, key, _found(raw, key), messages)


def _found(raw: Any, key: str) -> str:
    """What stands at a key like `field[2].min`; empty where nothing does."""
    for name, number in re.findall(r"([^.\[\]]+)|\[(\d+)\]", key):
        try:
            raw = raw[int(number)] if number else raw[name]
        except (KeyError, IndexError, TypeError):
            return ""
    if isinstance(raw, dict | list):
        return ""
    text = str(raw)
    return text if len(text) <= LONGEST_FOUND else text[:LONGEST_FOUND] + "…"

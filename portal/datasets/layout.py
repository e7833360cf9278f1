"""Which class a member of an archive belongs to, by the folders that it lies in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from portal.datasets.archive import Member

# MMEdu's names (training_set, val_set, test_set, with a classes.txt) and those that others use.
SPLITS = frozenset(
    {"training_set", "val_set", "test_set", "train", "val", "valid", "validation", "test"}
)
# What systems leave in folders, and the list of classes that the folders say already.
SILENT = frozenset({"thumbs.db", "desktop.ini", "classes.txt", "labels.txt", "readme.txt"})
SILENT_FOLDERS = frozenset({"__macosx", "@eadir"})
UNSAFE = re.compile(r'[\\/:*?"<>|]')


@dataclass(frozen=True)
class Sorted:
    """Members by class (in the order of the archive), and those that lie in no class folder."""

    classes: dict[str, list[Member]]
    loose: list[Member]
    merged: list[tuple[str, str]]


def sort_by_class(members: Iterable[Member], longest_name: int) -> Sorted:
    """Find the class folders, below one wrapping folder or MMEdu's splits if need be."""
    found = [(m.parts, m) for m in members if not _is_silent(m)]
    paths = _without_wrapper([parts for parts, _ in found])
    paths = _without_splits(paths)
    result = Sorted({}, [], [])
    names: dict[str, tuple[str, str]] = {}
    for parts, (_, member) in zip(paths, found, strict=True):
        if len(parts) < 2:
            result.loose.append(member)
            continue
        clean = clean_name(parts[0], longest_name)
        folder, name = names.setdefault(_key(clean), (parts[0], clean))
        if folder != parts[0] and (folder, parts[0]) not in result.merged:
            result.merged.append((folder, parts[0]))
        result.classes.setdefault(name, []).append(member)
    return result


def clean_name(folder: str, longest: int) -> str:
    """The name of a folder, fit to be the name of a folder anywhere and a label for people."""
    visible = "".join(c for c in unicodedata.normalize("NFC", folder) if c.isprintable())
    return UNSAFE.sub("-", visible).strip(" .")[:longest].strip(" .") or "-"


def _key(name: str) -> str:
    """Names with the same key are the same folder to Windows, and to a child."""
    return unicodedata.normalize("NFKC", name).casefold()


def _is_silent(member: Member) -> bool:
    *folders, name = member.parts
    hidden = any(part.startswith(".") for part in member.parts)
    system = any(folder.lower() in SILENT_FOLDERS for folder in folders)
    return hidden or system or name.lower() in SILENT


def _without_wrapper(paths: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """While everything lies in one folder that has folders in it, look inside that folder."""
    inner = list(paths)
    while len({parts[0] for parts in inner}) == 1 and any(len(parts) > 2 for parts in inner):
        inner = [parts[1:] for parts in inner if len(parts) > 1]
        if len(inner) != len(paths):  # a file with the name of the folder: not a wrapper
            return list(paths)
    return inner


def _without_splits(paths: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Training and test pictures together: every run makes its own split."""
    tops = {parts[0].lower() for parts in paths if len(parts) > 1}
    if not tops or not tops <= SPLITS or not any(len(parts) > 2 for parts in paths):
        return list(paths)
    return [parts[1:] if len(parts) > 1 else parts for parts in paths]

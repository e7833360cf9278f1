"""A zip file from a stranger, opened without believing anything that it says about itself.

Nothing is ever unpacked to a path: members are read into memory, one at a time and up to a limit,
and their names only ever tell which class a picture is in. What hostile archives do is described
at https://www.bamsoftware.com/hacks/zipbomb/ and https://cwe.mitre.org/data/definitions/22.html.
"""

from __future__ import annotations

import re
import stat
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from portal.datasets.limits import MIB, Limits
from portal.datasets.sentences import word
from portal.errors import Invalid
from portal.language import N_, Message

ENCRYPTED = 0x1
UTF8 = 0x800
CHUNK = 1 << 16
DRIVE = re.compile(r"[A-Za-z]:")


class Damaged(Exception):
    """A member cannot be read; the others may be fine."""


class TooBig(Exception):
    """A member is larger than a picture may be."""


@dataclass(frozen=True)
class Member:
    """A file in the archive; `parts` are the folders and the name, for people only."""

    parts: tuple[str, ...]
    info: ZipInfo

    @property
    def name(self) -> str:
        """As a person knows it."""
        return word("/".join(self.parts))


class Archive:
    """The members of a zip file. Raises `Invalid` for an archive that is not honest."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._limits = limits
        self._unpacked = 0
        self._most_unpacked = min(
            limits.unpacked_bytes,
            max(limits.unpacking_ratio_from, limits.unpacking_ratio * path.stat().st_size),
        )
        try:
            self._zip = ZipFile(path)
        except (BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as cause:
            raise _refuse(_broken()) from cause
        try:
            self.members = self._checked_members()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._zip.close()

    def read(self, member: Member) -> bytes:
        """The bytes of a member. Raises `Damaged`, `TooBig`; `Invalid` for a zip bomb."""
        content = bytearray()
        try:
            with self._zip.open(member.info) as file:
                while chunk := file.read(CHUNK):
                    self._count(len(chunk))
                    content += chunk
                    if len(content) > self._limits.picture_bytes:
                        raise TooBig
        except (BadZipFile, EOFError, OSError, ValueError, NotImplementedError, zlib.error) as e:
            raise Damaged from e
        return bytes(content)

    def _count(self, more: int) -> None:
        self._unpacked += more
        if self._unpacked > self._most_unpacked:
            raise _refuse(
                N_(
                    "This zip file unpacks to more than {limit} MiB, much more than pictures "
                    "would. Nothing of it was kept.",
                    limit=self._most_unpacked // MIB,
                )
            )

    def _checked_members(self) -> tuple[Member, ...]:
        infos = self._zip.infolist()
        if len(infos) > self._limits.members:
            raise _refuse(
                N_("This zip file has more than {limit} files in it.", limit=self._limits.members)
            )
        names = _names(infos)
        members = []
        for info, name in zip(infos, names, strict=True):
            parts = _parts(name)
            _check(info, name)
            if parts and not name.endswith("/"):
                members.append(Member(parts, info))
        return tuple(members)


def _refuse(message: Message) -> Invalid:
    return Invalid.one("file", message)


def _broken() -> Message:
    return N_("This zip file is damaged or was cut off on the way. Make it and upload it again.")


def _names(infos: list[ZipInfo]) -> list[str]:
    """The names in the characters that were meant.

    A zip says only "UTF-8" or "whatever this machine uses"; Python reads the latter as cp437. A
    Chinese Windows meant GBK, a Mac UTF-8. One archive was made on one machine, so they are
    decided together.
    """
    raw: dict[int, bytes] = {}
    for place, info in enumerate(infos):
        if not info.flag_bits & UTF8:
            try:
                raw[place] = info.filename.encode("cp437")
            except UnicodeEncodeError:  # Python took the name from an extra field already
                continue
    together = b"\n".join(raw.values())
    names = [info.filename for info in infos]
    for encoding in ("utf-8", "gb18030"):
        try:
            together.decode(encoding)
        except UnicodeDecodeError:
            continue
        for place, name in raw.items():
            names[place] = name.decode(encoding)
        break
    return names


def _parts(name: str) -> tuple[str, ...]:
    """Folders and name. Some tools on Windows write the wrong slash."""
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _check(info: ZipInfo, name: str) -> None:
    """Raise `Invalid` for a member that no honest tool makes of folders of pictures."""
    normal = name.replace("\\", "/")
    if normal.startswith("/") or DRIVE.match(normal) or ".." in normal.split("/"):
        raise _refuse(
            N_(
                "The zip file has a file that wants to lie outside of it (“{name}”). "
                "Nothing of it was kept. Make the zip file again from the folders of pictures.",
                name=word(name),
            )
        )
    if info.flag_bits & ENCRYPTED:
        raise _refuse(
            N_("The zip file is locked with a password. Make it again without a password.")
        )
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refuse(
            N_(
                "The zip file has a link instead of a file (“{name}”). "
                "Put the pictures themselves into the folders.",
                name=word(name),
            )
        )
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise _refuse(
            N_(
                "The zip file is packed in an unusual way (method {method}). "
                "Make it again with the normal zip of your computer.",
                method=info.compress_type,
            )
        )

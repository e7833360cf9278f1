"""Check a zip of class folders and write it down in one way: `pictures.zip`, all of our making."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from portal.datasets.archive import Archive, Damaged, Member, TooBig
from portal.datasets.contact_sheet import ContactSheet
from portal.datasets.files import CONTACT_SHEET, PICTURES, PREVIEW
from portal.datasets.layout import Sorted, sort_by_class
from portal.datasets.limits import MIB, Limits
from portal.datasets.manifest import ClassCount, PicturesManifest
from portal.datasets.picture import NoPicture, Picture, Why, remake
from portal.datasets.sentences import word, words
from portal.errors import Invalid
from portal.language import N_, Message

PLAIN_FILE = 0o100644 << 16


def check_pictures(source: Path, out: Path, limits: Limits) -> PicturesManifest:
    """Read `source`, write `pictures.zip`, `preview.json` and `contact-sheet.webp` into `out`.

    Raises `Invalid` for an archive that is hostile, or that has too little in it.
    """
    with Archive(source, limits) as archive:
        album = sort_by_class(archive.members, limits.class_name_characters)
        _refuse_if_too_many(album, limits)
        pictures = _Pictures(archive, limits)
        with ZipFile(out / PICTURES, "w", ZIP_STORED) as target:
            for name in sorted(album.classes):
                for member in album.classes[name]:
                    pictures.take(name, member, target)
    pictures.refuse_if_too_few(album)
    sheet = pictures.sheet.save(out / CONTACT_SHEET)
    counts = [{"name": c.name, "count": c.count} for c in pictures.classes]
    preview = {"kind": "pictures", "classes": counts, "sheet": sheet}
    (out / PREVIEW).write_text(json.dumps(preview, ensure_ascii=False), encoding="utf-8")
    return pictures.manifest(album, (out / PICTURES).stat().st_size)


class _Pictures:
    """The pictures taken so far, and what was left out and why."""

    def __init__(self, archive: Archive, limits: Limits) -> None:
        self._archive = archive
        self._limits = limits
        self._counts: dict[str, int] = {}
        self._left_out: defaultdict[Why, list[str]] = defaultdict(list)
        self._twice: list[str] = []
        self._seen: set[bytes] = set()
        self._sizes: set[tuple[int, int]] = set()
        self._grey = True
        self.sheet = ContactSheet()

    def take(self, name: str, member: Member, target: ZipFile) -> None:
        """Add a member to a class, or note why not."""
        try:
            picture = remake(self._archive.read(member), self._limits)
        except TooBig:
            self._left_out["too-large"].append(member.name)
        except Damaged:
            self._left_out["damaged"].append(member.name)
        except NoPicture as refusal:
            self._left_out[refusal.why].append(member.name)
        else:
            self._keep(name, member, picture, target)

    def _keep(self, name: str, member: Member, picture: Picture, target: ZipFile) -> None:
        fingerprint = sha256(name.encode() + b"\0" + picture.data).digest()
        if fingerprint in self._seen:
            # The same picture to learn from and to be tested with would flatter the model.
            self._twice.append(member.name)
            return
        self._seen.add(fingerprint)
        number = self._counts[name] = self._counts.get(name, 0) + 1
        info = ZipInfo(f"{name}/{number:06}.{picture.suffix}")
        info.external_attr = PLAIN_FILE
        target.writestr(info, picture.data)
        self._sizes.add(picture.image.size)
        self._grey = self._grey and picture.mode == "L"
        self.sheet.add(name, picture.image)

    @property
    def classes(self) -> tuple[ClassCount, ...]:
        """The classes that have pictures, by name."""
        return tuple(ClassCount(name, count) for name, count in sorted(self._counts.items()))

    def refuse_if_too_few(self, album: Sorted) -> None:
        """Raise `Invalid` where there is nothing to learn from; what was left out is told too."""
        if not self._counts:
            fault = N_(
                "There are no pictures in folders in this zip file. Put the pictures into one "
                "folder for each class, and pack these folders."
            )
        elif len(self._counts) < 2:
            fault = N_(
                "There are pictures of one class only, “{name}”. "
                "Put the pictures of each class into a folder of its own.",
                name=next(iter(self._counts)),
            )
        else:
            needed = self._limits.pictures_per_class_needed
            few = [c for c in self.classes if c.count < needed]
            if not few:
                return
            fault = N_(
                "Some classes have too few pictures: {classes}. At least {needed} are needed.",
                classes=words(f"{c.name} ({c.count})" for c in few),
                needed=needed,
            )
        raise Invalid({"file": [fault, *self._notes(album)]})

    def _notes(self, album: Sorted) -> list[Message]:
        notes = [LEFT_OUT[why](names) for why, names in self._left_out.items()]
        if album.loose:
            notes.append(
                N_(
                    "Left out, for they lie in no class folder: {count} ({names}).",
                    count=len(album.loose),
                    names=words(member.name for member in album.loose),
                )
            )
        if self._twice:
            notes.append(
                N_(
                    "Taken once, for they were in the same class twice: {count} ({names}).",
                    count=len(self._twice),
                    names=words(self._twice),
                )
            )
        notes += [
            N_(
                "The folders “{first}” and “{second}” were taken as one class.",
                first=word(first),
                second=word(second),
            )
            for first, second in album.merged[:5]
        ]
        return notes

    def manifest(self, album: Sorted, size: int) -> PicturesManifest:
        """What the set is."""
        return PicturesManifest(
            count=sum(self._counts.values()),
            classes=self.classes,
            width=max(width for width, _ in self._sizes),
            height=max(height for _, height in self._sizes),
            same_size=len(self._sizes) == 1,
            mode="L" if self._grey else "RGB",
            bytes=size,
            warnings=tuple(self._notes(album)),
        )


def _refuse_if_too_many(album: Sorted, limits: Limits) -> None:
    found = sum(len(members) for members in album.classes.values())
    if found > limits.pictures:
        raise Invalid.one(
            "file",
            N_(
                "There are {found} files in the class folders; at most {limit} are allowed.",
                found=found,
                limit=limits.pictures,
            ),
        )
    if len(album.classes) > limits.classes:
        raise Invalid.one(
            "file",
            N_(
                "There are {found} class folders; at most {limit} are allowed.",
                found=len(album.classes),
                limit=limits.classes,
            ),
        )


def _not_pictures(names: list[str]) -> Message:
    return N_(
        "Left out, for they are no pictures (PNG, JPEG, WebP, BMP or GIF): {count} ({names}).",
        count=len(names),
        names=words(names),
    )


def _heic(names: list[str]) -> Message:
    return N_(
        "Left out, for they are in Apple's HEIC format: {count} ({names}). Save them as JPEG.",
        count=len(names),
        names=words(names),
    )


def _archives(names: list[str]) -> Message:
    return N_(
        "Archives inside the zip file, which were not opened: {count} ({names}). "
        "Unpack them first.",
        count=len(names),
        names=words(names),
    )


def _too_large(names: list[str]) -> Message:
    return N_(
        "Left out, for they have more than {pixels} million pixels or {size} MiB: "
        "{count} ({names}).",
        count=len(names),
        pixels=Limits.picture_pixels // 1_000_000,
        size=Limits.picture_bytes // MIB,
        names=words(names),
    )


def _damaged(names: list[str]) -> Message:
    return N_(
        "Left out, for they are damaged: {count} ({names}).",
        count=len(names),
        names=words(names),
    )


LEFT_OUT: dict[Why, Callable[[list[str]], Message]] = {
    "not-a-picture": _not_pictures,
    "heic": _heic,
    "archive": _archives,
    "too-large": _too_large,
    "damaged": _damaged,
}

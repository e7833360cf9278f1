"""What a file is, by its first bytes. Its name is never asked."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from zipfile import BadZipFile, ZipFile

from portal.errors import Invalid
from portal.language import N_, Message

Kind = Literal["table", "pictures"]

# https://en.wikipedia.org/wiki/List_of_file_signatures
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
PACKED = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"MSCF")
PICTURE = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM")
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def kind_of(path: Path) -> Kind:
    """Table or pictures. Raises `Invalid` for a file that can be neither, saying what to do."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        raise _refuse(N_("The file is empty."))
    if head.startswith(OLD_OFFICE):
        raise _refuse(_workbook())
    if head.startswith(ZIP):
        if _is_workbook(path):
            raise _refuse(_workbook())
        return "pictures"
    if head.startswith(PACKED) or head[257:262] == b"ustar":
        raise _refuse(
            N_("Of archives only .zip can be read. Pack the folders of pictures as a zip file.")
        )
    if head.startswith(PICTURE) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        raise _refuse(
            N_(
                "This is a single picture. Put the pictures into one folder for each class, "
                "pack these folders as a zip file, and upload that."
            )
        )
    return "table"


def _refuse(message: Message) -> Invalid:
    return Invalid.one("file", message)


def _workbook() -> Message:
    return N_(
        "This is a spreadsheet file. Open it in your spreadsheet program, choose "
        "“Save as”, “CSV UTF-8”, and upload the CSV file."
    )


def _is_workbook(path: Path) -> bool:
    """Whether a zip is Excel's or LibreOffice's; only names are looked at."""
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()[:50]
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return "[Content_Types].xml" in names or (
        "mimetype" in names and "META-INF/manifest.xml" in names
    )

"""Files that teachers, their computers, and people of ill will send."""

from __future__ import annotations

import io
import stat
import struct
import zlib
from collections.abc import Mapping, Sequence
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from PIL import Image

LINK = (stat.S_IFLNK | 0o777) << 16


def table(rows: int = 30, header: str = "height,colour,kind") -> str:
    """A small honest table with two classes."""
    lines = [
        f"{1.5 + n},{'red' if n % 3 else 'blue'},{'cat' if n % 2 else 'dog'}" for n in range(rows)
    ]
    return "\n".join([header, *lines]) + "\n"


def picture(
    number: int = 0,
    size: tuple[int, int] = (40, 30),
    mode: str = "RGB",
    form: str = "PNG",
    **how: object,
) -> bytes:
    """An honest picture, different for each number."""
    image = Image.new("RGB", size)
    for x in range(size[0]):
        colour = ((x * 5 + number * 7) % 256, (number * 11) % 256, (x * number) % 256)
        image.putpixel((x, number % size[1]), colour)
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, form, **how)
    return buffer.getvalue()


def album(
    classes: Sequence[str] = ("cat", "dog"), each: int = 6, below: str = ""
) -> dict[str, bytes]:
    """Members of an honest zip of class folders."""
    return {
        f"{below}{name}/{n}.png": picture(n + 100 * place)
        for place, name in enumerate(classes)
        for n in range(each)
    }


def packed(
    members: Mapping[str, bytes], extra: Sequence[tuple[ZipInfo, bytes]] = (), how: int = ZIP_STORED
) -> bytes:
    """A zip file of members, and of members with anything unusual about them."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        for info, content in extra:
            archive.writestr(info, content)
    return buffer.getvalue()


def member(name: str, mode: int = 0, compress: int = ZIP_STORED) -> ZipInfo:
    """A member with a Unix mode or a method of its own."""
    info = ZipInfo(name)
    info.external_attr = mode
    info.compress_type = compress
    return info


def with_name_bytes(archive: bytes, placeholder: str, raw: bytes) -> bytes:
    """Replace an ASCII name by bytes of the same length, as old tools on other systems wrote."""
    assert len(placeholder) == len(raw)
    return archive.replace(placeholder.encode(), raw)


def with_flags(archive: bytes, flags: int) -> bytes:
    """Set general purpose flags in every header, local and central."""
    changed = bytearray(archive)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(mark)
        while at >= 0:
            (old,) = struct.unpack_from("<H", changed, at + offset)
            struct.pack_into("<H", changed, at + offset, old | flags)
            at = changed.find(mark, at + 4)
    return bytes(changed)


def zeros(megabytes: int, members: int) -> bytes:
    """A bomb: a few kilobytes that unpack to members of zeros, each named like a picture."""
    content = bytes(megabytes << 20)
    files = {f"{'cat' if n % 2 else 'dog'}/{n}.png": content for n in range(members)}
    return packed(files, how=ZIP_DEFLATED)


def overlapping(copies: int) -> bytes:
    """A bomb whose directory lists the same compressed bytes many times (bamsoftware.com)."""
    base = packed({"cat/0.png": bytes(20 << 20)}, how=ZIP_DEFLATED)
    at = base.find(b"PK\x01\x02")
    end = base.find(b"PK\x05\x06")
    entry = base[at:end]
    directory = b"".join(entry for _ in range(copies))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, copies, copies, len(directory), at, 0)
    return base[:at] + directory + tail


def huge_png(side: int) -> bytes:
    """A picture bomb: few bytes, side × side pixels, honest down to its checksums."""
    row = bytes(1 + side // 8)
    packer = zlib.compressobj(9)
    packed_rows = bytearray()
    for _ in range(side):
        packed_rows += packer.compress(row)
    packed_rows += packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", bytes(packed_rows))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check

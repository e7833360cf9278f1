"""Archives, pictures and tables that somebody of ill will makes.

Each kind is made anew for each file, with chance in it; a third of them is damaged on top. The
pieces are those that the tests of the data sets are made of (`tests.datasets.corpus`).
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA

from PIL import Image, PngImagePlugin

from tests.datasets import corpus
from tests.datasets.corpus import LINK, album, member, packed, picture

Chance = random.Random
Craft = Callable[[Chance, Path], bytes]
# Where a name that leads outside would end up; looked at after each file.
OWNED = "kesuan-owned"
SLIPS = (
    "../{}",
    "../../{}",
    "cat/../../{}",
    "/tmp/{}",  # noqa: S108
    "//tmp/{}",
    "..\\{}",
    "C:\\{}",
    "\\\\server\\{}",
    "cat/./../../{}",
    "cat\0/../../{}",
    "\u202e../{}",
    "....//{}",
    "%2e%2e/{}",
    "．．/{}",
    "~/{}",
    "cat/" + "a/" * 200 + "{}",
    "cat/{}" + "x" * 4000,
)
FORMS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "ICO", "PPM", "TGA", "PCX", "DDS", "SGI")


def files(number: int, secret: Path) -> Iterator[tuple[str, bytes]]:
    """So many files and their kinds; the kinds take turns, the costly ones seldom."""
    chance = random.Random(11)  # noqa: S311 (the same tries each time)
    kinds = list(KINDS.items())
    for count in range(number):
        name, craft = kinds[count % len(kinds)]
        if name in SELDOM and count >= len(kinds) * SELDOM_ROUNDS:
            name, craft = "picture cut off", _cut
        content = craft(chance, secret)
        if count >= len(kinds) and chance.random() < 1 / 3:
            name, content = f"{name}, damaged", _damaged(content, chance)
        yield name, content


def _damaged(content: bytes, chance: Chance) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 12)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed[: chance.randint(len(changed) // 2, len(changed))])


def _slip(chance: Chance, _: Path) -> bytes:
    name = chance.choice(SLIPS).format(OWNED)
    return packed(album(), [(member(name), picture(chance.randrange(99)))])


def _link(chance: Chance, secret: Path) -> bytes:
    """A link to a secret, or to a folder in which the next member would be written."""
    if chance.random() < 0.5:
        return packed(album(), [(member("cat/x.png", LINK), str(secret).encode())])
    through = [(member("dog2", LINK), str(secret.parent).encode())]
    return packed(album(), [*through, (member(f"dog2/{OWNED}"), picture())])


def _device(chance: Chance, _: Path) -> bytes:
    mode = chance.choice((0o060666, 0o020666, 0o010666, 0o140666, 0o104777)) << 16
    return packed(album(), [(member("cat/x.png", mode), b"")])


def _zeros(chance: Chance, _: Path) -> bytes:
    return corpus.zeros(chance.randint(5, 30), chance.randint(2, 12))


def _overlapping(chance: Chance, _: Path) -> bytes:
    return corpus.overlapping(chance.randint(10, 200))


def _nested(chance: Chance, secret: Path) -> bytes:
    inner = _slip(chance, secret)
    for _ in range(chance.randint(1, 4)):
        inner = packed({f"cat/{n}.zip": inner for n in range(3)}, how=ZIP_DEFLATED)
    return inner


def _locked(chance: Chance, _: Path) -> bytes:
    return corpus.with_flags(packed(album()), chance.choice((0x1, 0x8, 0x40, 0x2000, 0xFFFF)))


def _method(chance: Chance, _: Path) -> bytes:
    how = chance.choice((ZIP_LZMA, ZIP_BZIP2))
    return packed(album(), [(member("cat/x.png", compress=how), picture())])


def _many(chance: Chance, _: Path) -> bytes:
    return packed({f"cat/{n}.png": b"" for n in range(chance.randint(1_000, 5_000))})


def _lying(chance: Chance, _: Path) -> bytes:
    """Sizes in the directory that are not the members'."""
    content = bytearray(packed(album(), how=ZIP_DEFLATED))
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into("<LL", content, at + 20, *(chance.choice((0, 1, 2**31, 2**32 - 1)),) * 2)
        at = content.find(b"PK\x01\x02", at + 4)
    return bytes(content)


def _polyglot(chance: Chance, _: Path) -> bytes:
    """A file that is two things, whichever end one begins at."""
    page = b"<script>window.owned=1</script>"
    heads = (picture(), page, b"MZ\x90\x00", b"%PDF-1.7\n", b"#!/bin/sh\n", b"GIF89a=1;")
    return chance.choice(heads) + packed(album())


def _in_album(content: bytes, name: str = "cat/x.png") -> bytes:
    return packed({**album(), name: content})


def _huge(chance: Chance, _: Path) -> bytes:
    return _in_album(corpus.huge_png(chance.choice((10_000, 20_000, 30_000))))


def _claimed(chance: Chance, _: Path) -> bytes:
    """A few bytes that say of themselves to be enormous."""
    content = bytearray(picture(form="PNG"))
    struct.pack_into(">LL", content, 16, *(chance.choice((0, 2**31 - 1, 2**31, 65_535)),) * 2)
    check = zlib.crc32(bytes(content[12:29]))
    struct.pack_into(">L", content, 29, check)
    return _in_album(bytes(content))


def _text_bomb(chance: Chance, _: Path) -> bytes:
    """Compressed words beside the pixels that unpack to far more than the picture."""
    words = PngImagePlugin.PngInfo()
    words.add_text("x", "0" * chance.randint(1 << 20, 24 << 20), zip=True)
    packed_picture = io.BytesIO()
    Image.new("RGB", (20, 20)).save(packed_picture, "PNG", pnginfo=words)
    return _in_album(packed_picture.getvalue())


def _frames(chance: Chance, _: Path) -> bytes:
    """An animation of many frames."""
    frames = [Image.new("P", (200, 200), n % 256) for n in range(chance.randint(50, 300))]
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    return _in_album(moving.getvalue(), "cat/x.gif")


def _form(chance: Chance, _: Path) -> bytes:
    """A format that the portal does not take, under a name that it does."""
    return _in_album(picture(form=chance.choice(FORMS)))


def _cut(chance: Chance, _: Path) -> bytes:
    content = picture(size=(300, 200), form=chance.choice(("PNG", "JPEG", "GIF")))
    return _in_album(content[: chance.randrange(1, len(content))])


def _svg(chance: Chance, secret: Path) -> bytes:
    """A drawing with a script and an entity of a file, as itself and under another name."""
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'
    drawing = f'{entity}<svg xmlns="http://www.w3.org/2000/svg" onload="owned()">&e;</svg>'.encode()
    return chance.choice((drawing, _in_album(drawing), _in_album(drawing, "cat/x.svg")))


def _exif(chance: Chance, _: Path) -> bytes:
    noise = chance.randbytes(chance.randint(1, 60_000))
    return _in_album(picture(form="JPEG", exif=b"Exif\0\0" + noise), "cat/x.jpg")


def _bare(chance: Chance, _: Path) -> bytes:
    return picture(chance.randrange(99), form=chance.choice(("PNG", "JPEG", "GIF")))


def _noise(chance: Chance, _: Path) -> bytes:
    head = chance.choice((b"", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a"))
    return head + chance.randbytes(chance.randint(1, 50_000))


def _formulas(chance: Chance, _: Path) -> bytes:
    cells = ("=cmd|'/c calc'!A1", "+1+1", "@SUM(1)", "-2", "\t=1", "<script>", "'; DROP TABLE x")
    rows = [f'{n},"{chance.choice(cells)}",{"a" if n % 2 else "b"}' for n in range(40)]
    return "\n".join([f"x,{chance.choice(cells)},kind", *rows]).encode()


def _wide(chance: Chance, _: Path) -> bytes:
    columns = chance.choice((201, 5_000, 100_000))
    return ("," * columns + "\n").encode() * 20


def _long_cell(chance: Chance, _: Path) -> bytes:
    return b'a,b\n"' + b"x" * chance.randint(3_000, 3_000_000) + b'",1\n' * 30


def _letters(chance: Chance, _: Path) -> bytes:
    """A table in an encoding of another name, with strange characters in it."""
    how = chance.choice(("utf-16", "utf-32", "gb18030", "big5", "shift_jis", "utf-8-sig", "utf-7"))
    table = corpus.table().replace("cat", chance.choice(("猫", "\x00", "\x1b[2J", "\ufeff")))
    return table.encode(how, "replace")


def _office(_: Chance, secret: Path) -> bytes:
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]><worksheet>&e;</worksheet>'
    return packed({"[Content_Types].xml": b"<x/>", "xl/worksheets/sheet1.xml": entity.encode()})


KINDS: Mapping[str, Craft] = {
    "name that leads outside": _slip,
    "link": _link,
    "device": _device,
    "bomb of zeros": _zeros,
    "bomb of overlaps": _overlapping,
    "archives in archives": _nested,
    "locked": _locked,
    "unusual packing": _method,
    "many members": _many,
    "lying sizes": _lying,
    "polyglot": _polyglot,
    "picture of many pixels": _huge,
    "picture that claims many pixels": _claimed,
    "picture with a bomb of words": _text_bomb,
    "animation": _frames,
    "other format": _form,
    "picture cut off": _cut,
    "drawing with a script": _svg,
    "hostile EXIF": _exif,
    "bare picture": _bare,
    "noise": _noise,
    "table of formulas": _formulas,
    "table of many columns": _wide,
    "table of a long cell": _long_cell,
    "table of strange letters": _letters,
    "office file": _office,
}
# To make these takes longer than to refuse them.
SELDOM = {"picture of many pixels", "bomb of zeros", "animation", "picture with a bomb of words"}
SELDOM_ROUNDS = 20

"""One picture from a stranger becomes a small, plain one of our own making.

Only the pixels survive: metadata (a phone writes the place into it), profiles, further frames and
whatever is hidden behind the picture's end are gone.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from portal.datasets.limits import Limits
from portal.datasets.manifest import Mode

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
LOSSY = ("JPEG", "MPO", "WEBP")
JPEG_QUALITY = 90
GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F")
ORIENTATION_TAG = 0x0112
# EXIF 2.32, 4.6.4 A: how to turn what the camera wrote so that up is up.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Why = Literal["not-a-picture", "heic", "archive", "too-large", "damaged"]


class NoPicture(Exception):
    """Why a file cannot be used as a picture."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


@dataclass(frozen=True)
class Picture:
    """A picture that was decoded, made small and encoded again."""

    image: Image.Image
    data: bytes
    suffix: Literal["png", "jpg"]

    @property
    def mode(self) -> Mode:
        """Grey or colour."""
        return "L" if self.image.mode == "L" else "RGB"


def remake(content: bytes, limits: Limits) -> Picture:
    """Decode and encode again. Raises `NoPicture`."""
    try:
        opened = Image.open(io.BytesIO(content), formats=FORMATS)
    except Exception as cause:
        raise NoPicture(_why_not(content)) from cause
    with opened:
        width, height = opened.size
        if width * height > limits.picture_pixels or width < 1 or height < 1:
            raise NoPicture("too-large")
        lossy = opened.format in LOSSY
        try:
            image = _plain(opened, limits.picture_side)
        except MemoryError as cause:
            raise NoPicture("too-large") from cause
        except Exception as cause:  # a decoder meeting hostile bytes may raise anything
            raise NoPicture("damaged") from cause
    buffer = io.BytesIO()
    if lossy:
        image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    else:
        image.save(buffer, "PNG")
    return Picture(image, buffer.getvalue(), "jpg" if lossy else "png")


def _plain(opened: Image.Image, side: int) -> Image.Image:
    """The first frame, upright, opaque, grey or RGB, no larger than `side`, with no info."""
    # A JPEG can be decoded at an eighth of its size: less memory, and much less time.
    opened.draft(None, (2 * side, 2 * side))
    opened.load()
    turn = _orientation(opened)
    mode = "L" if opened.mode in GREY else "RGB"
    image = _simple(opened)
    # Made small before anything else: a second full copy is what a large picture has no room for.
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white
    image = image.convert(mode)
    if turn in TURNS:
        image = image.transpose(TURNS[turn])
    return Image.frombytes(image.mode, image.size, image.tobytes())


def _simple(image: Image.Image) -> Image.Image:
    """As L, RGB or RGBA, which are the modes that can be made smaller."""
    if image.mode.startswith("I"):
        # 16-bit grey: Pillow would cut values above 255 instead of scaling them.
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in GREY else "RGB")


def _orientation(image: Image.Image) -> int:
    """EXIF's word on which side is up; 1 where it says nothing that can be read."""
    try:
        found = image.getexif().get(ORIENTATION_TAG)
    except Exception:  # EXIF of a stranger: a picture with broken EXIF is still a picture
        return 1
    return found if isinstance(found, int) else 1


def _why_not(content: bytes) -> Why:
    """What a file that is no picture seems to be, to say something useful about it."""
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"mif1", b"hevc", b"msf1"):
        return "heic"
    if content.startswith((b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh")):
        return "archive"
    return "not-a-picture"

"""Pictures that come with Debian packages, as the zip of class folders a teacher would upload."""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from PIL import Image

from portal.config import Settings

FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
# In the order of the labels: https://github.com/zalandoresearch/fashion-mnist#labels
CLOTHES = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
IDX_IMAGES, IDX_LABELS = 0x803, 0x801

STAMPS = Path("/usr/share/tuxpaint/stamps")
# The package has hundreds of stamps; these folders hold enough photographs to learn from.
STAMP_FOLDERS = {
    "bird": ("animals/birds",),
    "mammal": ("animals/mammals",),
    "fruit and vegetable": ("food/fruit", "food/vegetables"),
    "plant": ("plants",),
    "clothes": ("clothes",),
}
DRAWN = frozenset({"cartoon", "toys", "plastic", "armor"})


def fashion_mnist(_settings: Settings, *, per_class: int) -> bytes | None:
    """The first `per_class` training pictures of each kind of clothes, 28 by 28 and grey."""
    images = FASHION_MNIST / "train-images-idx3-ubyte.gz"
    labels = FASHION_MNIST / "train-labels-idx1-ubyte.gz"
    if not images.is_file() or not labels.is_file():
        return None
    return _zip(_clothes(images, labels, per_class))


def _clothes(images: Path, labels: Path, per_class: int) -> Iterable[tuple[str, bytes]]:
    """Name and PNG of each picture.

    The IDX format, big-endian: http://yann.lecun.com/exdb/mnist/ ("FILE FORMATS").
    """
    taken = dict.fromkeys(CLOTHES, 0)
    with gzip.open(images) as pixels, gzip.open(labels) as numbers:
        magic, count, height, width = struct.unpack(">4I", pixels.read(16))
        if (magic, *struct.unpack(">2I", numbers.read(8))) != (IDX_IMAGES, IDX_LABELS, count):
            raise ValueError(f"{images} and {labels} do not belong together")
        for number in numbers.read(count):
            name = CLOTHES[number]
            raw = pixels.read(width * height)
            if taken[name] < per_class:
                taken[name] += 1
                yield (
                    f"{name}/{taken[name]:05}.png",
                    _png(Image.frombytes("L", (width, height), raw)),
                )
            if all(found == per_class for found in taken.values()):
                return


def stamp_photos(_settings: Settings) -> bytes | None:
    """The photographs among Tux Paint's stamps, cut out on white."""
    if not STAMPS.is_dir():
        return None
    return _zip(
        (f"{name}/{'-'.join(photo.relative_to(STAMPS).parts)}", photo.read_bytes())
        for name, folders in STAMP_FOLDERS.items()
        for folder in folders
        for photo in sorted((STAMPS / folder).rglob("*.png"))
        if not DRAWN.intersection(photo.parts)
    )


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _zip(members: Iterable[tuple[str, bytes]]) -> bytes:
    """The same members give the same bytes: `ZipInfo` knows no clock."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        for name, content in members:
            archive.writestr(ZipInfo(name), content)
    return buffer.getvalue()

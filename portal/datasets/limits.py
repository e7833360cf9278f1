"""How much an upload may ask of us. Sizes are bytes, pictures are measured in pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from portal.config import Data

MIB = 1024 * 1024
EXIT_OUT_OF_SPACE = 28  # errno.ENOSPC, how the worker says that the disk is full


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The site's limits, and the ones that are the same everywhere."""

    upload_bytes: int = 512 * MIB
    unpacked_bytes: int = 2048 * MIB
    table_rows: int = 200_000
    table_columns: int = 200
    pictures: int = 20_000
    picture_side: int = 256
    seconds: int = 120

    # A cell longer than this is a forgotten quotation mark; a line, a file that is no table.
    cell_characters: int = 2_000
    line_characters: int = 400_000
    table_rows_needed: int = 10
    classes: int = 100
    class_name_characters: int = 60
    pictures_per_class_needed: int = 5
    # A camera of 40 megapixels; decoded it is 160 MB, which the worker's memory allows.
    picture_pixels: int = 40_000_000
    picture_bytes: int = 32 * MIB
    # Photographs hardly shrink in a zip; even screenshots as BMP stay below this.
    unpacking_ratio: int = 200
    unpacking_ratio_from: int = 64 * MIB
    worker_memory: int = 512 * MIB

    @classmethod
    def of(cls, data: Data) -> Self:
        """The limits that a site's settings give."""
        return cls(
            upload_bytes=data.upload_mb * MIB,
            unpacked_bytes=data.unpacked_mb * MIB,
            table_rows=data.table_rows,
            table_columns=data.table_columns,
            pictures=data.pictures,
            picture_side=data.picture_side,
            seconds=data.check_seconds,
        )

    @property
    def members(self) -> int:
        """Most files in an archive: the pictures, and what comes along with them."""
        return 2 * self.pictures + 1_000

    def plain(self) -> dict[str, int]:
        """As plain data, to be handed to the worker."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """What `plain` made."""
        return cls(**plain)

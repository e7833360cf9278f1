"""A stream becomes a file: counted and hashed as it comes, and cut off where it is too long."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Protocol

from portal.datasets.limits import MIB, Limits
from portal.datasets.sniff import ZIP
from portal.errors import Invalid, TooLarge
from portal.language import N_

CHUNK = 1 << 18
# Cells may have line breaks in them, so lines are no exact count of rows.
LINES_PER_ROW = 2
LINES_OF_MERCY = 1_000


class Stream(Protocol):
    """Where the bytes come from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...


def save(stream: Stream, path: Path, limits: Limits, length: int | None = None) -> str:
    """Write the stream to `path`; the answer is the SHA-256 of it in hex.

    `length` is what the sender says the length is: refused at once where that is too much, and as
    incomplete where less came. Raises `TooLarge`, `Invalid`.
    """
    if length is not None and length > limits.upload_bytes:
        raise _too_large(limits)
    digest = sha256()
    total = lines = 0
    is_zip = False
    with path.open("xb") as file:
        while chunk := stream.read(CHUNK):
            if not total:
                is_zip = chunk.startswith(ZIP)
            total += len(chunk)
            lines += chunk.count(b"\n")
            if total > limits.upload_bytes:
                raise _too_large(limits)
            if not is_zip and lines > LINES_PER_ROW * limits.table_rows + LINES_OF_MERCY:
                raise TooLarge(
                    N_(
                        "The table has more than {limit} rows. Take a part of it.",
                        limit=limits.table_rows,
                    ),
                    field="file",
                )
            digest.update(chunk)
            file.write(chunk)
    if length is not None and total < length:
        raise Invalid.one("file", N_("The upload broke off. Please upload the file again."))
    return digest.hexdigest()


def _too_large(limits: Limits) -> TooLarge:
    return TooLarge(
        N_(
            "The file is larger than {limit} MiB, which is the most that can be uploaded.",
            limit=limits.upload_bytes // MIB,
        ),
        field="file",
    )

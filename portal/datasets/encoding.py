"""Which of the encodings that classrooms meet a text file is in.

Excel on a Chinese Windows writes GBK (a part of GB18030) as "CSV", UTF-8 with a mark as
"CSV UTF-8" and UTF-16 with tabs as "Unicode text".
"""

from __future__ import annotations

import codecs
from pathlib import Path

from portal.errors import Invalid
from portal.language import N_

CHUNK = 1 << 20
SAMPLE = 1 << 16


def encoding_of(path: Path) -> str:
    """Python's name of the encoding. Raises `Invalid` where the file is not text at all."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    for encoding in _candidates(sample):
        if _decodes(path, encoding):
            return encoding
    raise Invalid.one(
        "file",
        N_(
            "This file is neither a table (CSV) nor a zip file of pictures. "
            "If it should be a table, save it again as “CSV UTF-8”."
        ),
    )


def _candidates(sample: bytes) -> tuple[str, ...]:
    if sample.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    # In UTF-16 without a mark every comma and digit leaves a NUL on one side only.
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) > len(sample) // 10 and min(even, odd) < len(sample) // 100:
        return ("utf-16-le",) if odd > even else ("utf-16-be",)
    if even + odd > len(sample) // 100:
        return ()
    return ("utf-8", "gb18030")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True

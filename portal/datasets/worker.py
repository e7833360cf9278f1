"""The process that opens what strangers send: little memory, little time, no children.

`python -I -m portal.datasets.worker`, started by `portal.datasets.checking` with the order as
JSON on its standard input; the answer is JSON on standard output. What a hostile file does to
this process stays in it.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from portal.datasets.files import MANIFEST
from portal.datasets.limits import EXIT_OUT_OF_SPACE, Limits
from portal.datasets.manifest import Manifest, class_names
from portal.datasets.pictures import check_pictures
from portal.datasets.sentences import plain
from portal.datasets.sniff import kind_of
from portal.datasets.table import check_table
from portal.errors import Invalid
from portal.language import N_

NICENESS = 5
OPEN_FILES = 64


def main() -> int:
    """Do the order. A refusal is an answer too: only a full disk has an exit status of its own."""
    order = json.load(sys.stdin)
    limits = Limits.from_plain(order["limits"])
    confine(limits)
    # Pictures are measured before they are decoded; Pillow's own limit only warns.
    Image.MAX_IMAGE_PIXELS = None
    try:
        answer = _check(order, limits)
    except Invalid as refusal:
        answer = _refusal(refusal)
    except MemoryError:
        answer = _refusal(
            Invalid.one("file", N_("This file needs more memory to be read than is allowed."))
        )
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            return EXIT_OUT_OF_SPACE
        if fault.errno != errno.EFBIG:
            raise
        answer = _refusal(
            Invalid.one("file", N_("This file becomes larger than is allowed when unpacked."))
        )
    json.dump(answer, sys.stdout)
    return 0


def confine(limits: Limits) -> None:
    """Give up what checking a file does not need. Python itself ignores SIGXFSZ: it gets EFBIG."""
    os.nice(NICENESS)
    for kind, most in (
        (resource.RLIMIT_AS, limits.worker_memory),
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_FSIZE, limits.unpacked_bytes),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _check(order: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    source, out = Path(order["source"]), Path(order["out"])
    manifest: Manifest
    if kind_of(source) == "table":
        manifest = check_table(source, out, limits, order["label"])
    else:
        manifest = check_pictures(source, out, limits)
    manifest = replace(manifest, class_names=class_names(order["class_names"]))
    text = json.dumps(manifest.plain(), ensure_ascii=False)
    (out / MANIFEST).write_text(text, encoding="utf-8")
    return {"kind": manifest.kind}


def _refusal(refusal: Invalid) -> dict[str, Any]:
    return {"refused": {k: [plain(m) for m in ms] for k, ms in refusal.errors.items()}}


if __name__ == "__main__":
    sys.exit(main())

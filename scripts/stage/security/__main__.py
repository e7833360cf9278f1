"""One row by itself: ``python -m stage.security ROW TRIES`` prints its outcome as JSON."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module

from stage import world
from stage.security.rows import ROWS


def main(arguments: Sequence[str]) -> int:
    name, tries = arguments
    if name not in ROWS:
        print(f"there is no row {name}: {', '.join(ROWS)}", file=sys.stderr)
        return 2
    world.stop_when_told()
    # What the portal itself says of ten thousand tries would hide how far they are.
    logging.disable()
    print(json.dumps(asdict(import_module(f"stage.security.{name}").tried(int(tries)))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

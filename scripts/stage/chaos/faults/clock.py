"""The agent's clock jumps by a day and back. The machine's own clock is left alone.

libfaketime (https://github.com/wolfcw/libfaketime) changes what the agent reads, from a file that
is rewritten while it runs. The commands that it starts get an environment of their own, without
it, so that Slurm's and the jobs' clocks stay right; so does the monotonic clock.
"""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

from stage.chaos.agents import Nursery
from stage.chaos.scene import Scene, Struck
from stage.checkout import StageError

LIBRARY = "faketime/libfaketimeMT.so.1"
FOLDERS = (Path("/usr/lib/x86_64-linux-gnu"), Path("/usr/lib/aarch64-linux-gnu"), Path("/usr/lib"))


def moved(scene: Scene, dice: Random) -> Struck:
    """A day forward or back, for some seconds, at a moment of a launch."""
    jump, after = dice.choice(("+1d", "-1d")), dice.uniform(0, 1)
    seconds = dice.uniform(2, 12)
    file = scene.place.site.folder / "clock"
    _set(file, "+0")
    nursery = Nursery(scene.place.site, _environment(file))
    try:
        scene.agents.kill()
        scene.agents.start(nursery)
        scene.launches.launch(1, tenths=20)
        with scene.launching(seats=2, tenths=5):
            time.sleep(after)
            begun = time.time()
            _set(file, jump)
        scene.launches.launch(1, tenths=5)
        time.sleep(max(0.0, begun + seconds - time.time()))
        _set(file, "+0")
        ended = time.time()
        time.sleep(1)
        scene.agents.kill()
        scene.agents.start()
    finally:
        nursery.close()
    return Struck(begun, ended)


def library() -> Path:
    """Where it is; raises StageError where it is not installed."""
    for folder in FOLDERS:
        if (folder / LIBRARY).exists():
            return folder / LIBRARY
    raise StageError("clock-moved needs libfaketime: apt-get install faketime")


def _environment(file: Path) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def _set(file: Path, offset: str) -> None:
    draft = file.with_suffix(".new")
    draft.write_text(offset + "\n")
    draft.chmod(0o644)
    draft.replace(file)

"""The agent's clock jumps by a day and back. The machine's own clock is left alone.

A small library is loaded into the agent that adds seconds to what it reads, as many as a file says
at the moment. The commands that the agent starts get an environment of their own, without it, so
that Slurm's clocks and those of jobs stay right.

Debian 12's libfaketime (0.9.10) would be that library, but with the monotonic clock left alone
every sleep of a Python program under it fails with EINVAL.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from stage.chaos.agents import Nursery
from stage.chaos.scene import Scene, Struck
from stage.checkout import StageError

SOURCE = Path(__file__).parents[1] / "skew.c"
DAY_S = 86_400
WIDTH = 8  # bytes of the number in the file


def moved(scene: Scene, dice: Random) -> Struck:
    """A day forward or back, for some seconds, at a moment of a launch.

    Every other time the agent is killed meanwhile, and the next one starts with the wrong clock.
    """
    jump, after = dice.choice((DAY_S, -DAY_S)), dice.uniform(0, 1)
    seconds, anew = dice.uniform(2, 12), dice.random() < 0.5
    library, skew = _library(scene.place.site.folder), scene.place.site.folder / "skew"
    _set(skew, 0)
    nursery = Nursery(scene.place.site, {"LD_PRELOAD": str(library), "KESUAN_SKEW": str(skew)})
    try:
        scene.agents.kill()
        scene.agents.start(nursery)
        scene.launches.launch(1, tenths=20)
        spare = scene.launches.free_class()
        with scene.launching(seats=2, tenths=5):
            time.sleep(after)
            begun = time.time()
            _set(skew, jump)
            if anew:
                scene.agents.kill()
                scene.agents.start(nursery)
        scene.launches.launch(1, tenths=5, school_class=spare)
        time.sleep(max(0.0, begun + seconds - time.time()))
        _set(skew, 0)
        ended = time.time()
        time.sleep(1)
        scene.agents.kill()
        scene.agents.start()
    finally:
        nursery.close()
    return Struck(begun, ended)


def compiler() -> str:
    """The C compiler; raises StageError where there is none."""
    found = shutil.which("cc")
    if found is None:
        raise StageError("clock-moved needs a C compiler: apt-get install gcc libc6-dev")
    return found


def _library(folder: Path) -> Path:
    library = folder / "skew.so"
    if not library.exists():
        words = [compiler(), "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StageError(f"{SOURCE.name} was not compiled: {done.stderr.strip()}")
    return library


def _set(skew: Path, seconds: int) -> None:
    """In place: the file is mapped."""
    mode = "r+b" if skew.exists() else "w+b"
    with skew.open(mode, buffering=0) as stream:
        stream.write(seconds.to_bytes(WIDTH, sys.byteorder, signed=True))
    skew.chmod(0o644)

"""The database does not let anybody write, and the data root takes no more."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from random import Random

from stage.chaos.scene import Scene, Struck

BUSY_S = 10.0  # portal/store/database.py: BUSY_MS
BLOCK = 1 << 20


def database_locked(scene: Scene, dice: Random) -> Struck:
    """Another process holds the write lock for longer than anybody waits for it."""
    after, seconds = dice.uniform(0, 0.5), BUSY_S + dice.uniform(1, 3)
    with scene.launching(seats=2, tenths=5):
        time.sleep(after)
        with closing(sqlite3.connect(scene.place.database, timeout=30)) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN IMMEDIATE")
            begun = time.time()
            time.sleep(seconds)
            connection.execute("ROLLBACK")
            ended = time.time()
    return Struck(begun, ended)


def disk_full(scene: Scene, dice: Random) -> Struck:
    """Not a byte more on the data root, while a class is launched and another one trains."""
    after, seconds = dice.uniform(0, 2), dice.uniform(1, 5)
    scene.launches.launch(1, tenths=15)
    spare = scene.launches.free_class()
    time.sleep(after)
    ballast = scene.place.data / "ballast"
    begun = time.time()
    _fill(ballast)
    try:
        scene.launches.launch(2, tenths=5, school_class=spare)
        _fill(ballast)
        time.sleep(seconds)
    finally:
        ballast.unlink()
    return Struck(begun, time.time(), destroys=True)


def _fill(ballast: Path) -> None:
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for block in (b"x" * BLOCK, b"x" * 4096):
            while os.write(descriptor, block) == len(block):
                pass
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    finally:
        os.close(descriptor)

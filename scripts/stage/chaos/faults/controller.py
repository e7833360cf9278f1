"""slurmctld and slurmdbd: silent, gone, or back with less than they knew."""

from __future__ import annotations

import math
import signal
import time
from random import Random

from stage.chaos.place import OTHERS
from stage.chaos.scene import Scene, Struck

LONGEST_PAUSE_S = 60.0
CONTROLLER, ACCOUNTING = "slurmctld", "slurmdbd"


def paused(scene: Scene, dice: Random) -> Struck:
    """SIGSTOP for 1 to 60 s, short ones as likely as long ones, at a moment of a launch."""
    after = dice.uniform(0, 0.6)
    seconds = math.exp(dice.uniform(0, math.log(min(LONGEST_PAUSE_S, scene.away_s))))
    spare = scene.launches.free_class()
    with scene.launching(seats=2, tenths=5):
        time.sleep(after)
        begun = time.time()
        scene.slurm.send(CONTROLLER, signal.SIGSTOP)
    try:
        scene.launches.launch(1, tenths=3, school_class=spare)
        time.sleep(max(0.0, begun + seconds - time.time()))
    finally:
        scene.slurm.send(CONTROLLER, signal.SIGCONT)
    return Struck(begun, time.time())


def killed(scene: Scene, dice: Random) -> Struck:
    """SIGKILL right after it has acknowledged a submission; then others get its ids."""
    after, down, others = dice.uniform(0, 0.02), dice.uniform(0, 1.5), dice.randint(1, 5)
    told = scene.orders / "acknowledged"
    told.unlink(missing_ok=True)
    scene.order("tell")
    scene.launches.launch(2, tenths=dice.randint(0, 20))
    scene.until(told.exists)
    time.sleep(after)
    begun = time.time()
    scene.slurm.kill(CONTROLLER)
    time.sleep(down)
    scene.slurm.start(CONTROLLER)
    scene.slurm.await_controller()
    ended = time.time()
    scene.slurm.fill(others, OTHERS)
    return Struck(begun, ended, destroys=True, forgets=True)


def away(scene: Scene, dice: Random) -> Struck:
    """Gone for ten minutes (or as long as this chaos has), while classes go on pressing Train."""
    scene.launches.launch(2, tenths=dice.randint(0, 30))
    begun = time.time()
    scene.slurm.kill(CONTROLLER)
    while time.time() < begun + scene.away_s:
        if scene.launches.has_room():
            scene.launches.launch(1, tenths=dice.randint(0, 10))
        time.sleep(min(2.0, scene.away_s / 4))
    scene.slurm.start(CONTROLLER)
    scene.slurm.await_controller()
    return Struck(begun, time.time(), destroys=True, forgets=True)


def old_state(scene: Scene, dice: Random) -> Struck:
    """Killed, and started from a copy of its state that is some seconds old."""
    age = dice.uniform(0.5, 6)
    copy = scene.place.plan.folder / "state.copy"
    scene.launches.launch(1, tenths=dice.randint(0, 20))
    scene.slurm.keep_state(copy)
    scene.launches.launch(2, tenths=dice.randint(0, 40))
    time.sleep(age)
    begun = time.time()
    scene.slurm.kill(CONTROLLER)
    scene.slurm.restore_state(copy)
    scene.slurm.start(CONTROLLER)
    scene.slurm.await_controller()
    return Struck(begun - age, time.time(), destroys=True, forgets=True)


def accounting_away(scene: Scene, dice: Random) -> Struck:
    """slurmdbd is killed for some seconds, in which jobs begin and end."""
    seconds = dice.uniform(1, 8)
    spare = scene.launches.free_class()
    begun = time.time()
    scene.slurm.kill(ACCOUNTING)
    try:
        scene.launches.launch(2, tenths=dice.randint(0, 20), school_class=spare)
        time.sleep(max(0.0, begun + seconds - time.time()))
    finally:
        scene.slurm.start(ACCOUNTING)
    return Struck(begun, time.time())

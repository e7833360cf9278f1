"""The agent, or the sbatch that it runs, dies or stands still in the middle of a submission."""

from __future__ import annotations

import time
from random import Random

from stage.chaos.place import LEASE_S
from stage.chaos.scene import Scene, Struck

# From the POST to the last task running lie about 1.5 s. Forming the batch, its folders, sbatch
# and the commit of its id lie in the first half second, so most kills do.
SUBMISSION_S, STARTED_S = 0.5, 1.5
SBATCH_S = 0.030


def killed(scene: Scene, dice: Random) -> Struck:
    """SIGKILL between 0 and 1.5 s after a POST began; every other time to what it runs, too."""
    after = dice.uniform(0, SUBMISSION_S if dice.random() < 0.7 else STARTED_S)
    family, seats, tenths = dice.random() < 0.5, dice.randint(1, 3), dice.randint(0, 12)
    act = dice.choices(("work", "fail", "deaf"), (8, 1, 1))[0]
    with scene.launching(seats=seats, tenths=tenths, act=act):
        time.sleep(after)
        begun = time.time()
        scene.agents.kill(family=family)
        scene.agents.start()
        ended = time.time()
    return Struck(begun, ended)


def paused(scene: Scene, dice: Random) -> Struck:
    """SIGSTOP for longer than its lease, while a second agent takes over; then it goes on."""
    after, further = dice.uniform(0, SUBMISSION_S), dice.uniform(0.5, 3)
    first = scene.agents.pids[0]
    scene.agents.start()
    with scene.launching(seats=2, tenths=5):
        time.sleep(after)
        begun = time.time()
        scene.agents.pause(first)
        # It may hold SQLite's one write lock: then the POST is answered when it goes on.
        time.sleep(LEASE_S + further)
        scene.agents.go_on(first)
    ended = time.time()
    scene.launches.launch(1, tenths=2)
    time.sleep(0.5)
    scene.agents.kill(dice.choice(scene.agents.pids))
    return Struck(begun, ended)


def sbatch_killed(scene: Scene, dice: Random) -> Struck:
    """SIGKILL to sbatch within its first 30 ms."""
    scene.order("die", f"{dice.uniform(0.0005, SBATCH_S):.4f}")
    launched = scene.launches.launch(dice.randint(1, 3), tenths=dice.randint(0, 8))
    scene.until(lambda: not (scene.orders / "die").exists())
    now = time.time()
    return Struck(now, now + SBATCH_S, launched.runs)

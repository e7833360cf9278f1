"""A node fails under its jobs, and comes back."""

from __future__ import annotations

import time
from random import Random

from stage.chaos.scene import Scene, Struck


def failed(scene: Scene, dice: Random) -> Struck:
    """slurmd, its steps and its jobs are killed; every other time staff call the node down."""
    by_staff, seconds = dice.random() < 0.5, dice.uniform(0.2, 3)
    launched = scene.launches.launch(2, tenths=40)
    tasks = scene.running(launched)
    node = scene.slurm.node_of(tasks[0]) if tasks else "g1"
    begun = time.time()
    scene.slurm.kill_node(node)
    if by_staff:
        scene.slurm.command("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=chaos")
    time.sleep(seconds)
    scene.slurm.start(f"slurmd-{node}")
    if by_staff:
        scene.slurm.command("scontrol", "update", f"NodeName={node}", "State=RESUME")
    scene.slurm.await_nodes()
    return Struck(begun, time.time(), destroys=True)

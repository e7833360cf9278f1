"""What happens to single jobs: others end them, they end themselves badly, or nobody sees them."""

from __future__ import annotations

import time
from random import Random

from stage.chaos.place import OTHERS
from stage.chaos.scene import Scene, Struck


def requeued(scene: Scene, dice: Random) -> Struck:
    """Staff let a job be requeued that asked not to be, and requeue it while it runs."""
    launched = scene.launches.launch(dice.randint(1, 2), tenths=20)
    scene.running(launched)
    time.sleep(dice.uniform(0, 0.8))
    begun = time.time()
    if task := scene.task_of(launched.runs[0]):
        scene.slurm.command("scontrol", "update", f"JobId={task}", "Requeue=1")
        scene.slurm.command("scontrol", "requeue", task)
        # Slurm would hold it back for two minutes.
        scene.until(lambda: _is_pending(scene, task), 15)
        scene.slurm.command("scontrol", "update", f"JobId={task}", "StartTime=now")
    return Struck(begun, time.time(), launched.runs, destroys=True)


def preempted(scene: Scene, dice: Random) -> Struck:
    """Urgent work takes the node that a class is on."""
    launched = scene.launches.launch(dice.randint(1, 3), tenths=dice.randint(20, 60))
    tasks = scene.running(launched)
    node = scene.slurm.node_of(tasks[0]) if tasks else "g1"
    begun = time.time()
    scene.slurm.take(node, 1, OTHERS)
    scene.until(lambda: not set(tasks) & set(_running(scene, launched.runs[0])), 15)
    return Struck(begun, time.time())


def cancelled(scene: Scene, dice: Random) -> Struck:
    """scancel by staff: before the job runs, or while it does; one task, or the whole array."""
    whole = dice.random() < 0.5
    launched = scene.launches.launch(2, tenths=30)
    if dice.random() < 0.5:
        scene.running(launched)
    time.sleep(dice.uniform(0, 0.6))
    run = launched.runs[0]
    scene.until(lambda: bool(scene.task_of(run)))
    begun = time.time()
    cancelled: tuple[str, ...] = ()
    if task := scene.task_of(run):
        scene.slurm.command("scancel", task.partition("_")[0] if whole else task)
        cancelled = scene.history.beside(run) if whole else (run,)
    return Struck(begun, time.time(), (*launched.runs, *cancelled), cancelled=cancelled)


def out_of_memory(scene: Scene, dice: Random) -> Struck:
    """A program that takes three times the memory that it asked for."""
    launched = scene.launches.launch(1, act="eat")
    begun = time.time()
    scene.until(lambda: _began(scene, launched.runs[0]))
    time.sleep(dice.uniform(0, 0.2))
    return Struck(begun, time.time(), launched.runs)


def over_time(scene: Scene, _dice: Random) -> Struck:
    """A program that does not end, in a job of one minute: nobody waits for it here."""
    begun = time.time()
    launched = scene.launches.launch(1, act="over", minutes=2)
    return Struck(begun, time.time(), launched.runs)


def gone_unseen(scene: Scene, dice: Random) -> Struck:
    """No agent looks from the submission on until Slurm has forgotten the job."""
    launched = scene.launches.launch(2, tenths=dice.randint(0, 5))
    scene.until(lambda: bool(scene.task_of(launched.runs[0])))
    begun = time.time()
    scene.agents.kill()
    batch = scene.history.batch_of(launched.runs[0])
    name = batch[0] if batch else ""
    listed = ("squeue", "--noheader", "--states=all", f"--name={name}", "--format=%i")
    scene.until(lambda: not scene.slurm.command(*listed).split(), 60)
    scene.agents.start()
    return Struck(begun, time.time())


def _is_pending(scene: Scene, task: str) -> bool:
    listed = ("squeue", "--noheader", f"--jobs={task}", "--states=PENDING", "--format=%i")
    return bool(scene.slurm.command(*listed).split())


def _running(scene: Scene, run: str) -> list[str]:
    batch = scene.history.batch_of(run)
    return scene.slurm.tasks(batch[0]) if batch else []


def _began(scene: Scene, run: str) -> bool:
    return f'"{run}"' in scene.place.ledger.read_text()

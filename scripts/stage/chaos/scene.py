"""What a fault works with, and what it leaves: when it began and when it was over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from stage.chaos.agents import Agents
from stage.chaos.history import History
from stage.chaos.launches import Launched, Launches
from stage.chaos.place import Place
from stage.chaos.slurm import Slurm
from stage.checkout import StageError

LOOK_S = 0.02
PATIENCE_S = 45.0


@dataclass(frozen=True)
class Struck:
    """A fault's own time, and the runs that it is about; None: all that are alive meanwhile.

    What it destroys nobody can tell afterwards; one after which the controller `forgets` has it
    begin anew with an older state. `cancelled` are runs that it had Slurm cancel.
    """

    begun: float
    ended: float
    runs: tuple[str, ...] | None = None
    destroys: bool = False
    forgets: bool = False
    cancelled: tuple[str, ...] = ()


@dataclass
class Scene:
    """The place, and the people in it. `away_s` is how long the controller is away once."""

    place: Place
    slurm: Slurm
    history: History
    launches: Launches
    away_s: float

    @property
    def agents(self) -> Agents:
        return self.place.agents

    @property
    def orders(self) -> Path:
        """Where the `sbatch` of the place looks for what it should do wrong."""
        return self.place.site.folder / "orders"

    def order(self, name: str, text: str = "") -> None:
        """Leave one; it is taken by the next sbatch that starts."""
        draft = self.orders / f".{name}"
        draft.write_text(text)
        draft.rename(self.orders / name)

    def until(self, there: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
        """Wait for something; False where it does not come."""
        deadline = time.monotonic() + patience_s
        while not there():
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_S)
        return True

    def task_of(self, run: str) -> str:
        """The run's task as Slurm's commands name it, 12_0; "" while Slurm has none.

        It need not be the first of its array, for others of the school may travel along.
        """
        batch = self.history.batch_of(run)
        return "" if batch is None or batch[1] is None else f"{batch[1]}_{batch[2]}"

    def running(self, launched: Launched) -> list[str]:
        """The lesson's tasks in Slurm once all of them run: 12_0, 12_1."""
        found: list[str] = []

        def all_run() -> bool:
            batch = self.history.batch_of(launched.runs[0])
            if batch is None or batch[1] is None:
                return False
            found[:] = self.slurm.tasks(batch[0])
            return len(found) >= len(launched.runs)

        self.until(all_run)
        return found

    @contextmanager
    def launching(self, **wishes: int | str) -> Iterator[None]:
        """A lesson is launched meanwhile; its answer is waited for at the end."""
        faults: list[StageError] = []
        school_class = self.launches.free_class()

        def press() -> None:
            try:
                self.launches.launch(**wishes, school_class=school_class)  # type: ignore[arg-type]
            except StageError as fault:
                faults.append(fault)

        thread = threading.Thread(target=press)
        thread.start()
        try:
            yield
        finally:
            thread.join()
        if faults:
            raise faults[0]


Fault = Callable[[Scene, Random], Struck]

"""An array job as pyslurm wants it told: the attributes of its `JobSubmitDescription`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from signal import SIGUSR1

from portal.scheduler.checks import check_request
from portal.scheduler.protocol import ArrayRequest

# What sbatch adds to a job's environment and pyslurm does not. Without SLURM_UMASK the node's
# daemon complains of each task.
_BESIDE = {"SLURM_UMASK": "0022", "SLURM_SUBMIT_DIR": "/", "SLURM_PRIO_PROCESS": "0"}


def options(request: ArrayRequest, environment: Mapping[str, str]) -> dict[str, object]:
    """The same job as `commands.arguments.submission` makes; raises `Rejected`.

    An environment that is given as a mapping makes no task start a login shell, and pyslurm
    sends no limits of its own process along.
    """
    check_request(request)
    array = f"0-{request.tasks - 1}"
    if request.concurrent is not None:
        array += f"%{request.concurrent}"
    before = {"signal": int(SIGUSR1), "time": request.signal_before_s, "batch_only": True}
    told: dict[str, object | None] = {
        "name": request.name,
        "array": array,
        "script": str(request.script),
        # As with sbatch the first argument is the script, which is what `scontrol` shows.
        "script_args": [str(request.script)],
        "working_directory": str(request.workdir),
        "standard_output": request.output,
        "standard_in": "/dev/null",
        "environment": {**environment, **_BESIDE},
        "account": request.account,
        "partitions": None if request.partition is None else [request.partition],
        "qos": request.qos,
        "reservations": None if request.reservation is None else [request.reservation],
        "gres_per_node": request.gres,
        "licenses": request.licenses,
        "nodes": 1,
        "ntasks": 1,
        "cpus_per_task": request.cpus,
        "memory_per_node": f"{request.memory_mb}M",
        "time_limit": request.minutes,
        "signal": before if request.signal_before_s else None,
        "is_requeueable": False,
        "priority": 0 if request.hold else None,
    }
    return {key: value for key, value in told.items() if value is not None}

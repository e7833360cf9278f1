"""What is sent to slurmrestd for one array job. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.language import N_
from portal.scheduler.checks import check_request
from portal.scheduler.errors import Rejected
from portal.scheduler.protocol import ArrayRequest
from portal.scheduler.rest.versions import Version

# All that a job gets beside Slurm's own variables. slurmrestd refuses a job with no environment,
# and nothing of the portal's own process is sent.
ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}

_SHELLS = ("#!/bin/bash\n", "#!/bin/sh\n")
_STEP = (
    '[ -n "${SLURM_STEP_ID-}" ] || exec srun --quiet --ntasks=1 --overlap '
    '--cpus-per-task="$SLURM_CPUS_ON_NODE" -- "$0"\n'
)


def submission(request: ArrayRequest, script: str, version: Version) -> dict[str, Any]:
    """The body of POST job/submit; raises `Rejected` for a request that we could not have made.

    v0.0.38 takes `requeue` and does not heed it (seen in 22.05.8): the site sets JobRequeue=0.
    """
    check_request(request)
    array = f"0-{request.tasks - 1}"
    if request.concurrent is not None:
        array += f"%{request.concurrent}"
    job: dict[str, Any] = {
        "name": request.name,
        "array": array,
        "current_working_directory": str(request.workdir),
        "standard_output": request.output,
        "standard_input": "/dev/null",
        "account": request.account,
        "partition": request.partition,
        "qos": request.qos,
        "reservation": request.reservation,
        version.gres: _gres(request, version),
        "licenses": request.licenses,
        "nodes": "1",
        "tasks": 1,
        "cpus_per_task": request.cpus,
        "requeue": False,
        "hold": request.hold,
        "memory_per_node": _number(request.memory_mb, version),
        "time_limit": _number(request.minutes, version),
        "environment": _environment(version),
    }
    if request.signal_before_s:
        job |= _warning(request.signal_before_s, version)
    if not version.signals_batch:
        script = as_step(script)
    return {
        "script": script,
        "job": {key: value for key, value in job.items() if value is not None},
    }


def as_step(script: str) -> str:
    """The script with one constant line, by which it runs itself again as a step of its job.

    v0.0.38 sends every signal to job steps and none to the batch process: it refuses "B:" in
    `signal` ("Invalid SIGNAL specification") and its DELETE has no flags. As a step the same
    script gets them; it costs one step for every task, and needs srun on the nodes.
    """
    for shell in _SHELLS:
        if script.startswith(shell):
            return shell + _STEP + script.removeprefix(shell)
    raise Rejected(
        N_("The request holds a value that Slurm cannot take."),
        words="by this version of slurmrestd only scripts of bash or sh can be sent",
    )


def _gres(request: ArrayRequest, version: Version) -> str | None:
    """`gres` takes what sbatch's --gres takes; `tres_per_node` wants the kind before it."""
    if request.gres is None or version.gres == "gres":
        return request.gres
    return f"gres/{request.gres}"


def _number(value: int, version: Version) -> object:
    return value if version.plain else {"set": True, "infinite": False, "number": value}


def _environment(version: Version) -> object:
    if version.plain:
        return dict(ENVIRONMENT)
    return [f"{key}={value}" for key, value in ENVIRONMENT.items()]


def _warning(seconds: int, version: Version) -> dict[str, Any]:
    if version.plain:
        return {"signal": f"USR1@{seconds}"}
    return {
        "kill_warning_signal": "USR1",
        "kill_warning_delay": _number(seconds, version),
        "kill_warning_flags": ["BATCH_JOB"],
    }

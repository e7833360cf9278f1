"""The arguments of Slurm's commands, as lists. Pure.

Nothing that a person typed becomes part of a script or a command line: a request is typed data,
every word of it is checked against a narrow alphabet, and each option is one argument with "=".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from portal.scheduler.checks import check_request, checked_name
from portal.scheduler.protocol import ArrayRequest
from portal.scheduler.rows import since_uts

# The order is that of `parsers.QUEUE_FIELDS`. A size of nothing prints the field whole; the name
# comes last, because only it can hold the separator.
QUEUE_FORMAT = (
    "ArrayJobID:|,ArrayTaskID:|,State:|,Reason:|,NodeList:|,Account:|,SubmitTime:|,"
    "EligibleTime:|,StartTime:|,EndTime:|,exit_code:|,tres-alloc:|,tres-per-node:|,Name:"
)
HISTORY_FORMAT = (
    "JobID,JobIDRaw,State,Reason,NodeList,Account,Submit,Eligible,Start,End,ExitCode,AllocTRES,"
    "ReqTRES,JobName"
)


def submission(request: ArrayRequest) -> list[str]:
    """What sbatch is told; raises `Rejected` for a request that could not have come from us.

    `--export=ALL` exports the runner's fixed environment and nothing else. The other values
    (NONE, NIL, a list) make every task start a login shell of the service user first
    (SLURM_GET_USER_ENV), which doubled the time until forty tasks ran, fails where that user has
    no shell, and lets its profile into the job. `--propagate=NONE` keeps the agent's own limits
    out of jobs.
    """
    check_request(request)
    array = f"0-{request.tasks - 1}"
    if request.concurrent is not None:
        array += f"%{request.concurrent}"
    options = {
        "job-name": request.name,
        "array": array,
        "chdir": request.workdir,
        "output": request.output,
        "input": "/dev/null",
        "export": "ALL",
        "propagate": "NONE",
        "account": request.account,
        "partition": request.partition,
        "qos": request.qos,
        "reservation": request.reservation,
        "gres": request.gres,
        "licenses": request.licenses,
        "nodes": 1,
        "ntasks": 1,
        "cpus-per-task": request.cpus,
        "mem": f"{request.memory_mb}M",
        "time": request.minutes,
        "signal": f"B:USR1@{request.signal_before_s}" if request.signal_before_s else None,
    }
    switches = ["--parsable", "--no-requeue", *(["--hold"] if request.hold else [])]
    given = [f"--{key}={value}" for key, value in options.items() if value is not None]
    return [*switches, *given, str(request.script)]


def queue(user: str, name: str | None = None) -> list[str]:
    """What squeue is told: every task of one user, those that have ended too.

    A job of that name which somebody else submitted is none of ours, hence always the user.
    """
    named = [] if name is None else [f"--name={checked_name(name)}"]
    return [
        "--noheader",
        "--array",
        "--all",
        # Without it squeue asks the controller about federations first, every time.
        "--local",
        "--states=all",
        f"--user={user}",
        *named,
        f"--Format={QUEUE_FORMAT}",
    ]


def history(user: str, names: Collection[str], since: float) -> list[str]:
    """What sacct is told; duplicates too, for ids that were given out twice.

    "uts" is Slurm's own prefix for seconds since the epoch, free of any time zone.
    """
    return [
        "--allocations",
        "--duplicates",
        "--noheader",
        "--parsable2",
        f"--user={user}",
        f"--name={','.join(sorted(checked_name(name) for name in names))}",
        f"--starttime={since_uts(since)}",
        "--endtime=now",
        f"--format={HISTORY_FORMAT}",
    ]


def chosen(job_id: int, tasks: Sequence[int] | None) -> str:
    """An array job or some of its tasks: 12 or 12_[0-3,7]."""
    if tasks is None:
        return str(job_id)
    return f"{job_id}_[{','.join(_ranges(tasks))}]"


def qos_of_tasks(job_id: int, tasks: Sequence[int], qos: str) -> list[str]:
    """What scontrol is told about tasks that wait, one by one.

    12_[3,5-6] would do on 22.05; 24.11 and 26.05 split all of those off and change the first alone.
    """
    which = ",".join(f"{job_id}_{task}" for task in sorted(set(tasks)))
    return ["update", f"JobId={which}", f"QOS={qos}"]


def _ranges(tasks: Sequence[int]) -> list[str]:
    """0,1,2,7 as 0-2 and 7."""
    runs: list[list[int]] = []
    for task in sorted(set(tasks)):
        if runs and task == runs[-1][1] + 1:
            runs[-1][1] = task
        else:
            runs.append([task, task])
    return [str(low) if low == high else f"{low}-{high}" for low, high in runs]

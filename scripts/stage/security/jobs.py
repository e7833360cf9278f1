"""Hostile parameters on a real Slurm: no job gets another attribute or another variable by them.

The texts are put into the database as `stage.security.parameters` does, eight to a run, and the
agent sends the runs. What Slurm says of each job and what the job says of its own environment is
compared with a harmless run's; that the texts arrive in the program's parameters, letter for
letter, shows that they went the whole way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.store.tables import DataSet, Run, School, User
from stage import school, slurm
from stage.security.outcome import Outcome
from stage.security.place import TEMPLATE, Place, place
from stage.security.planted import Ground, plant, storable
from stage.security.words import hostile

IN_A_RUN = 8
# What differs between two honest tasks: ids, times, and where they run.
VARYING = re.compile(
    r"Job(Id|Name)|Scheduler|HOSTNAME|Array(JobId|TaskId)|Priority|(Submit|Eligible|AccrueTime|Start|End|Preempt\w*"
    r"|Suspend\w*|LastSchedEval|RunTime)(Time)?|LastSchedEval|\w*NodeList|BatchHost|Nodes|JOB_GRES"
    r"|CPU_IDs|Mem|GRES|Std(Out|Err)|WorkDir|Command|Req(B|S:C:T)|SLURM_\w*(ID|NAME|NODELIST|NODENAME"
    r"|PID|IDS|GTIDS|ADDR|GPUS|TIME|DIR|MAX|MIN|COUNT|HOST|IPADDR|TASK\w*)|SLURMD_NODENAME"
    r"|CUDA_VISIBLE_DEVICES|GPU_DEVICE_ORDINAL|ROCR_VISIBLE_DEVICES|ZE_AFFINITY_MASK|PWD|TMPDIR|MPLCONFIGDIR|XDG_CACHE_HOME|KESUAN_\w+"
)
HARMLESS = re.compile(r"[A-Za-z0-9 _.,:;=/()\[\]%+*~-]*")
_PAIR = re.compile(r"(?:^|\s)([A-Za-z:_]+)=")


def tried(tries: int) -> Outcome:
    """So many texts, in an eighth as many jobs."""
    outcome = Outcome(tries=tries)
    texts = list(hostile(tries))
    groups = [texts[at : at + IN_A_RUN] for at in range(0, tries, IN_A_RUN)]
    with place() as here:
        with here.writing() as session:
            ground = _ground(session)
            (honest,) = plant(session, ground, [["harmless"]])
            planted = plant(session, ground, groups)
        ended = here.ended([honest, *planted])
        jobs = _jobs(here)
        model = _facts(here, jobs, ended[honest])
        for run_id, group in zip(planted, groups, strict=True):
            for words in _wrong(_facts(here, jobs, ended[run_id]), model, group):
                outcome.fails(words)
        outcome.seen = {
            "jobs": len(planted),
            "attributes of each": len(model["attributes"]),
            "variables of each": len(model["environment"]),
        }
    return outcome


def _ground(session: Any) -> Ground:
    its = session.scalars(select(School).where(School.slug == school.SCHOOL)).one()
    owner = session.scalars(select(User).where(User.login == school.TEACHER)).one()
    data = session.scalars(select(DataSet).where(DataSet.slug == "penguins")).one()
    return Ground(its.id, owner.id, data.sha256, TEMPLATE)


def _jobs(here: Place) -> dict[tuple[str, str], dict[str, str]]:
    """What the controller says of every task, by its batch and its number."""
    found = {}
    for line in slurm.as_root(here.plan, ["scontrol", "--oneliner", "show", "job"]).splitlines():
        parts = _PAIR.split(line)
        job = dict(zip(parts[1::2], (value.strip() for value in parts[2::2]), strict=True))
        found[job["JobName"], job.get("ArrayTaskId", "0")] = job
    return found


def _facts(here: Place, jobs: Mapping[tuple[str, str], dict[str, str]], run: Run) -> dict[str, Any]:
    """All that is known of a run's job, from Slurm and from itself."""
    told = here.attempt(run.id) / "told.json"
    itself = json.loads(told.read_text()) if told.exists() else {}
    return {
        "state": run.state,
        "attributes": jobs.get((str(run.batch_id), str(run.task)), {}),
        "environment": itself.get("environment", {}),
        # The last one is the moment of the start.
        "arguments": [Path(word).name for word in itself.get("arguments", [])][:-1],
        "parameters": itself.get("parameters", {}),
    }


def _wrong(job: dict[str, Any], model: dict[str, Any], group: Sequence[str]) -> Iterator[str]:
    if job["state"] != "succeeded":
        yield f"a run of {group[0]!r} … is {job['state']}"
        return
    if job["parameters"] != {storable(text): storable(text) for text in group}:
        yield f"other parameters arrived than {group[0]!r} …: {job['parameters']}"
    if job["arguments"] != model["arguments"]:
        yield f"other arguments: {job['arguments']}"
    for kind in ("attributes", "environment"):
        mine, honest = job[kind], model[kind]
        if mine.keys() != honest.keys():
            yield f"other {kind} by {group[0]!r} …: {sorted(mine.keys() ^ honest.keys())}"
        for name, value in mine.items():
            same = (
                HARMLESS.fullmatch(value)
                if VARYING.fullmatch(name)
                else (value == honest.get(name))
            )
            if not same:
                yield f"{kind}, {name} by {group[0]!r} …: {value!r}, not {honest.get(name)!r}"

"""What may be in a request to Slurm at all, whichever way it goes there.

A newline in a job name, for one, has injected options of its own into Slurm's commands and breaks
every parser of lines; so each word is held to a narrow alphabet before it leaves.
"""

from __future__ import annotations

import re

from portal.language import N_
from portal.scheduler.errors import Rejected
from portal.scheduler.protocol import ArrayRequest

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,127}")
_OUTPUT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.%-]{0,127}")
_PATH = re.compile(r"/[^\x00-\x1f%\\]*")


def checked_name(name: str) -> str:
    """A job name of ours, or `Rejected`."""
    if not NAME.fullmatch(name):
        raise Rejected(N_("This is no name of a batch."), words=repr(name))
    return name


def check_request(request: ArrayRequest) -> None:
    """Raise `Rejected` unless every word and number of the request is one that we could make."""
    checked_name(request.name)
    words = {
        "account": request.account,
        "partition": request.partition,
        "qos": request.qos,
        "reservation": request.reservation,
        "gres": request.gres,
    }
    bad = [k for k, v in words.items() if v is not None and not _WORD.fullmatch(v)]
    paths = {"script": request.script, "workdir": request.workdir}
    bad += [key for key, path in paths.items() if not _PATH.fullmatch(str(path))]
    if not _OUTPUT.fullmatch(request.output):
        bad.append("output")
    numbers = {
        "tasks": request.tasks,
        "cpus": request.cpus,
        "memory_mb": request.memory_mb,
        "minutes": request.minutes,
        "concurrent": 1 if request.concurrent is None else request.concurrent,
    }
    bad += [key for key, number in numbers.items() if number < 1]
    if not 0 <= request.signal_before_s <= 65535:
        bad.append("signal_before_s")
    if bad:
        words_for_staff = "; ".join(f"{key}={getattr(request, key)!r}" for key in bad)
        raise Rejected(
            N_("The request holds a value that Slurm cannot take."), words=words_for_staff
        )

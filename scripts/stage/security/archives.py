"""Hostile archives, pictures and tables, through the worker that opens what strangers send.

Each file is checked in a process of its own, with the worker's own order and its own limits, in a
folder of its own: nothing may come to lie outside of its output folder, its memory stays under
512 MB and its time under five seconds of a processor, and what it makes of a file is a checked
content or a refusal. The processes are forked from this one, which has the worker loaded, because
to start Python two thousand times takes longer than all the rest.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from portal.datasets import worker
from portal.datasets.files import FILES
from portal.datasets.limits import MIB, Limits
from stage.security import crafted
from stage.security.outcome import Outcome, progress

MOST_MEMORY = 512 * MIB
MOST_S = 5.0
CANARY = b"CANARY-77d1b2"
MAY_LEAVE = frozenset().union(*FILES.values())


@dataclass(frozen=True)
class Seen:
    """What became of one file: an exit status, and what the worker said."""

    status: int
    answer: str
    seconds: float
    memory: int


def tried(tries: int) -> Outcome:
    """So many files, of each kind in turn, and the later ones damaged by chance."""
    outcome, tell = Outcome(), progress("archives", tries)
    longest, largest = 0.0, 0
    with TemporaryDirectory(prefix="kesuan-archives-") as place:
        outside = Path(place) / "outside"
        outside.mkdir()
        (outside / "secret").write_bytes(CANARY)
        for number, (kind, content) in enumerate(crafted.files(tries, outside / "secret")):
            outcome.tries += 1
            room = Path(place) / "room"
            seen = _check(room, content)
            for words in _wrong(seen, room, outside):
                outcome.fails(f"{kind} (number {number}): {words}")
            outcome.count(seen.answer)
            longest, largest = max(longest, seen.seconds), max(largest, seen.memory)
            shutil.rmtree(room)
            tell(outcome.tries)
    outcome.seen |= {"longest, s": round(longest, 2), "most memory, MB": round(largest / MIB)}
    return outcome


def _check(room: Path, content: bytes) -> Seen:
    """Have one file checked, as `portal.datasets.checking` has it."""
    (room / "out").mkdir(parents=True)
    (room / "upload").write_bytes(content)
    order = {
        "source": str(room / "upload"),
        "out": str(room / "out"),
        "limits": Limits().plain(),
        "label": None,
        "class_names": {},
    }
    (room / "order").write_text(json.dumps(order))
    child = os.fork()
    if child == 0:
        os._exit(_work(room))
    _, ended, used = os.wait4(child, 0)
    said = (room / "said").read_bytes()
    status = os.waitstatus_to_exitcode(ended)
    answer = "no answer" if status else "refused" if b'"refused"' in said[:20] else "taken"
    return Seen(status, answer, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def _work(room: Path) -> int:
    """The worker, in the process that was forked for it."""
    os.chdir(room)
    for name, number, how in (
        ("order", 0, os.O_RDONLY),
        ("said", 1, os.O_WRONLY | os.O_CREAT),
        ("complaints", 2, os.O_WRONLY | os.O_CREAT),
    ):
        os.dup2(os.open(name, how, 0o600), number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    try:
        status = worker.main()
        sys.stdout.flush()
    except BaseException as fault:
        os.write(2, repr(fault).encode(errors="replace"))
        return 1
    return status


def _wrong(seen: Seen, room: Path, outside: Path) -> Iterator[str]:
    if seen.answer == "no answer":
        yield f"exit status {seen.status}: {(room / 'complaints').read_bytes()[-200:]!r}"
    if seen.memory >= MOST_MEMORY:
        yield f"{seen.memory // MIB} MB of memory"
    if seen.seconds >= MOST_S:
        yield f"{seen.seconds:.1f} s"
    for path in (room / "out").rglob("*"):
        if path.name not in MAY_LEAVE or path.is_symlink() or not path.is_file():
            yield f"left {path.relative_to(room)}"
        elif CANARY in path.read_bytes():
            yield f"the secret is in {path.name}"
    there = {path.name for path in room.iterdir()}
    if there != {"out", "upload", "order", "said", "complaints"}:
        yield f"left in the folder: {sorted(there)}"
    if [path.name for path in outside.iterdir()] != ["secret"]:
        yield "wrote outside"
    others = (room.parent, Path(gettempdir()), Path("/"), Path.home())
    yield from (f"wrote {place / crafted.OWNED}" for place in others if _is_there(place))


def _is_there(place: Path) -> bool:
    return os.path.lexists(place / crafted.OWNED)

"""Waits until the agent has no run left to send, and prints what the database says of each.

Reads `{"since": UTC seconds, "runs": how many are expected, "patience_s"}` from stdin and prints
`{"tasks": [[run, batch, task, job, when Slurm had acknowledged it], …]}` of the runs since then.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from sqlalchemy import func, select

from portal.config import load
from portal.store import EVERYONE, Store
from portal.store.tables import Batch, Run

LOOK_S = 0.5


def main() -> None:
    wanted = json.load(sys.stdin)
    store = Store(load(Path(os.environ["KESUAN_SETTINGS"])).database)
    since = Run.created_at >= wanted["since"]
    # What was not answered in time may have been taken all the same: all of it has to be sent.
    made = select(func.count(), func.count(Run.submitted_at)).where(since)
    deadline = time.monotonic() + wanted["patience_s"]
    while True:
        with store.reading(EVERYONE) as session:
            known, sent = session.execute(made).one()
            if wanted["runs"] <= known == sent or time.monotonic() > deadline:
                break
        time.sleep(LOOK_S)
    with store.reading(EVERYONE) as session:
        columns = (Run.id, Run.batch_id, Run.task, Batch.job_id, Batch.submitted_at)
        rows = session.execute(select(*columns).join(Batch, Batch.id == Run.batch_id).where(since))
        tasks = [list(row) for row in rows]
    store.close()
    json.dump({"tasks": tasks}, sys.stdout)


if __name__ == "__main__":
    main()

"""The same runs by submitit, as somebody uses it who knows it: one `map_array` for each class.

Reads `{"folder", "accounts", "seats", "minutes"}` from stdin and prints
`{"took_s", "jobs"}`. https://github.com/facebookincubator/submitit
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import submitit


def train(seed: int) -> int:
    """What a pupil's task would do; nothing of it runs here."""
    return seed


def main() -> None:
    wanted = json.load(sys.stdin)
    begun = time.time()
    jobs = []
    for number, account in enumerate(wanted["accounts"]):
        executor = submitit.AutoExecutor(folder=Path(wanted["folder"]) / account, cluster="slurm")
        executor.update_parameters(
            timeout_min=wanted["minutes"],
            mem_gb=2,
            cpus_per_task=1,
            slurm_account=account,
            slurm_partition="class",
            slurm_qos="class",
            slurm_gres="shard:1",
            slurm_array_parallelism=wanted["seats"],
        )
        first = number * wanted["seats"]
        jobs += executor.map_array(train, range(first, first + wanted["seats"]))
    json.dump({"took_s": time.time() - begun, "jobs": [job.job_id for job in jobs]}, sys.stdout)


if __name__ == "__main__":
    main()

"""Record what a real slurmrestd answers; `scripts/record-payloads` runs this after the commands.

Each answer is written as it came, less white space, to payloads/slurm-VERSION-rest/NAME.json:
{"status": 200, "body": …}. Of the OpenAPI document only its paths, for it has half a megabyte.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from portal.scheduler import ArrayRequest, SubmittedArray
from portal.scheduler.rest import Client, KeySigner, RestScheduler, Tokens, Undisclosed
from portal.scheduler.rest.client import Reply
from portal.scheduler.rest.requests import submission
from portal.scheduler.rest.versions import choose
from tests.conftest import Cluster
from tests.scheduler.recording import PAYLOADS, REFUSED, SCRIPT, USER


class RestRecorder:
    """Asks one slurmrestd and writes down the answers."""

    def __init__(self, cluster: Cluster, work: Path, version: str) -> None:
        self.url = f"http://127.0.0.1:{cluster.plan.rest_port}"
        self.work = work
        self.folder = PAYLOADS / f"slurm-{version}-rest"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.client = self._client(cluster.plan.token_key)
        self.scheduler = RestScheduler(self.client, USER, Undisclosed())
        wrong = work / "wrong-key"
        wrong.write_bytes(b"w" * 32)
        self.stranger = self._client(wrong)
        self.agreed = choose(self.client.send("GET", "/openapi/v3").body)

    def _client(self, key: Path) -> Client:
        return Client(self.url, Tokens(KeySigner(key), USER), 30.0)

    def write(self, name: str, reply: Reply, body: Any = None) -> None:
        kept = {"status": reply.status, "body": reply.body if body is None else body}
        text = json.dumps(kept, separators=(",", ":")) + "\n"
        (self.folder / f"{name}.json").write_text(text)
        sys.stdout.write(f"rest/{name}.json: {reply.status}, {len(text)} bytes\n")

    def request(self, name: str, seconds: float, end: str = "") -> ArrayRequest:
        script = self.work / f"rest-{name}.sh"
        script.write_text(SCRIPT.format(seconds=seconds, end=end))
        plain: dict[str, Any] = {"account": "school1", "cpus": 1, "memory_mb": 100, "minutes": 5}
        return ArrayRequest(
            f"rest-{name}",
            2,
            script,
            self.work,
            "rest-%a.out",
            **plain,
            partition="class",
            gres="shard:1",
        )

    def submit(self, name: str, request: ArrayRequest) -> None:
        body = submission(request, request.script.read_text(), self.agreed)
        self.write(name, self.client.send("POST", self.agreed.submit, body=body))


def record(cluster: Cluster, work: Path, version: str) -> None:
    """Make work, ask, write, and end the work."""
    recorder = RestRecorder(cluster, work, version)
    agreed, client, scheduler = recorder.agreed, recorder.client, recorder.scheduler
    document = client.send("GET", "/openapi/v3")
    paths = document.body["paths"] if isinstance(document.body, dict) else {}
    recorder.write("openapi", document, {"paths": {path: {} for path in paths}})
    for name, changes in REFUSED.items():
        recorder.submit(name, replace(recorder.request(name, 1), **changes))  # type: ignore[arg-type]
    scheduler.submit(recorder.request("good", 1))
    scheduler.submit(recorder.request("exit-three", 1, "exit 3"))
    long = scheduler.submit(recorder.request("cancelled", 60))
    waiting = replace(recorder.request("limited", 60), tasks=6, account="school2")
    limited = scheduler.submit(waiting)
    recorder.submit("submission-held", replace(recorder.request("held", 1), hold=True))
    time.sleep(5)
    scheduler.cancel(long, [1])
    time.sleep(3)
    queue = client.send("GET", agreed.jobs)
    body = dict(queue.body) if isinstance(queue.body, dict) else {}
    ours = [job for job in body.get("jobs", []) if job["name"].startswith("rest-")]
    recorder.write("jobs", queue, body | {"jobs": ours})
    names = "rest-good,rest-exit-three,rest-cancelled,rest-limited,rest-held"
    query = {"job_name": names, "start_time": f"uts{int(time.time()) - 600}", "skip_steps": "true"}
    recorder.write("history", client.send("GET", agreed.history, query=query))
    nothing = {**query, "job_name": "absent"}
    recorder.write("history-absent", client.send("GET", agreed.history, query=nothing))
    for name in ("nodes", "associations", "clusters", "resources", "ping"):
        recorder.write(name, client.send("GET", getattr(agreed, name)))
        recorder.write(f"stranger-{name}", recorder.stranger.send("GET", getattr(agreed, name)))
    if agreed.tells_conf:
        recorder.write("conf", client.send("GET", agreed.conf))
    sent = submission(waiting, "#!/bin/sh\n", agreed)
    recorder.write("stranger-submission", recorder.stranger.send("POST", agreed.submit, body=sent))
    recorder.write("cancel-absent", client.send("DELETE", agreed.job("999999999")))
    held = SubmittedArray("rest-held", scheduler.find("rest-held")[0].job_id)
    for array in (long, limited, held):
        scheduler.cancel(array)

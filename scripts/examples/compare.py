#!/usr/bin/env python3
"""Trains k nearest neighbours with several k, and prints which was best; standard library only.

KESUAN_SERVER=https://kesuan.example.edu scripts/examples/compare.py LOGIN PASSWORD_FILE
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

API = os.environ["KESUAN_SERVER"].rstrip("/") + "/api/v1"


def ask(method: str, path: str, token: str = "", body: object = None) -> dict[str, Any]:
    """One request. An error of the portal ends the script with its words."""
    request = urllib.request.Request(  # noqa: S310 - the address is the user's own
        API + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())},
    )
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer) if answer.status != 204 else {}
    except urllib.error.HTTPError as refused:
        sys.exit(f"{method} {path}: {json.load(refused)['message']}")


def main(login: str, password_file: str) -> None:
    """Get a token, start the runs, wait for them, compare, and give the token back."""
    password = Path(password_file).read_text(encoding="utf-8").strip()
    # For a day, and for what is done here: whoever finds it can change neither data nor people.
    wish = {"name": "compare.py", "days": 1, "scopes": ["read", "train"]}
    token = ask("POST", "/tokens", body={"login": login, "password": password, **wish})["token"]
    runs = {}
    for neighbours in (1, 5, 15):
        wanted = {"algorithm": "KNN", "neighbours": neighbours}
        body = {"template": "tabular-classifier", "data": "penguins", "parameters": wanted}
        runs[neighbours] = ask("POST", "/runs", token, body)["id"]
    accuracy = {}
    for neighbours, run in runs.items():
        while not (seen := ask("GET", f"/runs/{run}", token))["final"]:
            time.sleep(1)
        if seen["state"] != "succeeded":
            sys.exit(f"k = {neighbours}: {seen['state']}")
        accuracy[neighbours] = seen["metrics"]["accuracy"]
        print(f"k = {neighbours}\taccuracy {accuracy[neighbours]:.3f}")
    best = max(accuracy, key=lambda neighbours: accuracy[neighbours])
    print(f"best: k = {best}")
    ask("DELETE", "/tokens/current", token)


if __name__ == "__main__":
    main(*sys.argv[1:])

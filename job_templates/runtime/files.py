"""Files that appear whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_bytes(path: Path, body: bytes, *, durable: bool = False) -> None:
    """Writes beside the file and renames over it; `durable` waits until the disk has it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(body)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    beside.replace(path)


def write_json(path: Path, value: Any, *, durable: bool = False) -> None:
    """A value as JSON in UTF-8; NaN is an error, for no JSON reader has to take it."""
    body = json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"
    write_bytes(path, body.encode(), durable=durable)


def read_json(path: Path) -> Any:
    """What a JSON file says; OSError or ValueError when it says nothing."""
    return json.loads(path.read_text(encoding="utf-8"))


def append_line(path: Path, value: Any) -> None:
    """One JSON object as one line, in one write, so that a reader never sees half of it."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)

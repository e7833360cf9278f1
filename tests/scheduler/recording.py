"""What every recorder asks of a cluster, whichever way it asks: one script, and what is refused."""

from __future__ import annotations

from pathlib import Path

PAYLOADS = Path(__file__).parent / "payloads"
USER = "kesuan"
SCRIPT = "#!/bin/sh\nsleep {seconds}\n{end}\n"
REFUSED: dict[str, dict[str, object]] = {
    "refused-account": {"account": "nobodys"},
    "refused-partition": {"partition": "nowhere"},
    "refused-qos": {"qos": "none"},
    "refused-reservation": {"reservation": "none"},
    "refused-gres-unknown": {"gres": "fpga:1"},
    "refused-gres-too-many": {"gres": "shard:99"},
    "refused-memory": {"memory_mb": 999_999_999},
    "refused-array": {"tasks": 100_000},
}

"""Record the words for job states that a Slurm has; `scripts/record-payloads` runs this as well.

libslurm says how each state is printed, and slurm.h (of libslurm-dev) which there are: some flags
are never printed by themselves. Both go to payloads/slurm-VERSION/states.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.conftest import Cluster

# Runs where that Slurm is, by Python's own means. States have the numbers from 0 on, flags are the
# bits from 8 on; what libslurm has no word for it prints as "?" or as the state without the flag.
PROGRAM = r"""
import ctypes, glob, json, re
lib = ctypes.CDLL(sorted(glob.glob("/usr/lib/*/libslurm.so.*"))[0])
said = lib.slurm_job_state_string
said.restype, said.argtypes = ctypes.c_char_p, [ctypes.c_uint32]
bases = [said(number).decode() for number in range(256)]
flags = [said(1 << bit).decode() for bit in range(8, 32)]
told = {
    "bases": [word for word in bases if word != "?"],
    "flags": [word for word in flags if word != bases[0]],
}
text = open("/usr/include/slurm/slurm.h").read()
listed = re.search(r"enum job_states \{(.*?)JOB_END", text, re.S)[1]
told["header_bases"] = re.findall(r"\bJOB_(\w+)", re.sub(r"/\*.*?\*/", "", listed, flags=re.S))
after = text[text.index("#define\tJOB_STATE_FLAGS"):text.index("READY_JOB_FATAL")]
told["header_flags"] = re.findall(r"^#define\s+JOB_(\w+)\s+SLURM_BIT", after, re.M)
print(json.dumps(told, indent=1))
"""


def record(cluster: Cluster, folder: Path) -> None:
    answer = cluster.command("/usr/bin/python3", "-c", PROGRAM)
    if answer.returncode:
        raise SystemExit(f"states: {answer.stderr} (is libslurm-dev installed?)")
    (folder / "states.json").write_text(answer.stdout)
    sys.stdout.write(f"states.json: {len(json.loads(answer.stdout)['header_flags'])} flags\n")

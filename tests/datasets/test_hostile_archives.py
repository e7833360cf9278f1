from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from zipfile import ZIP_BZIP2, ZIP_LZMA

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.datasets.limits import MIB, Limits
from portal.datasets.pictures import check_pictures
from portal.errors import Invalid
from tests.datasets import corpus
from tests.datasets.corpus import LINK, album, member, packed, picture

OUTSIDE = (
    "The zip file has a file that wants to lie outside of it (“{name}”). Nothing of it was kept. "
    "Make the zip file again from the folders of pictures."
)
CUT = "This zip file is damaged or was cut off on the way. Make it and upload it again."


@pytest.mark.parametrize(
    "name",
    [
        "../cat/1.png",
        "cat/../../1.png",
        "..\\cat\\1.png",
        "/etc/cat/1.png",
        "\\\\server\\cat\\1.png",
        "C:\\cat\\1.png",
        "C:/cat/1.png",
    ],
)
def test_a_name_that_leads_outside_is_refused(reception, name, tmp_path):
    before = {p for p in tmp_path.rglob("*") if "root" not in p.parts}
    sent = packed(album() | {name: picture(99)})
    assert reception.fault(sent) == OUTSIDE.format(name=name)
    assert {p for p in tmp_path.rglob("*") if "root" not in p.parts} == before


REFUSED = {
    "a link": (
        packed(album(), [(member("cat/x.png", LINK), b"/etc/passwd")]),
        "The zip file has a link instead of a file (“cat/x.png”). Put the pictures themselves "
        "into the folders.",
    ),
    "a device": (
        packed(album(), [(member("cat/x.png", 0o060666 << 16), b"")]),
        "The zip file has a link instead of a file (“cat/x.png”). Put the pictures themselves "
        "into the folders.",
    ),
    "a password": (
        corpus.with_flags(packed(album()), 0x1),
        "The zip file is locked with a password. Make it again without a password.",
    ),
    "LZMA": (
        packed(album(), [(member("cat/x.png", compress=ZIP_LZMA), picture())]),
        "The zip file is packed in an unusual way (method 14). Make it again with the normal zip "
        "of your computer.",
    ),
    "bzip2": (
        packed(album(), [(member("cat/x.png", compress=ZIP_BZIP2), picture())]),
        "The zip file is packed in an unusual way (method 12). Make it again with the normal zip "
        "of your computer.",
    ),
    "too many members": (
        packed({f"readme/{n}.txt": b"" for n in range(2_000)}),
        "This zip file has more than 1600 files in it.",
    ),
    "cut off": (packed(album())[:-200], CUT),
    "a head and nothing else": (b"PK\x03\x04" + bytes(100), CUT),
    "a directory that lies": (
        packed(album()).replace(b"PK\x01\x02", b"PK\x01\x03"),
        CUT,
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_dishonest_archive_is_refused(reception, what):
    sent, sentence = REFUSED[what]
    assert reception.fault(sent) == sentence


BOMB = re.compile(
    r"This zip file unpacks to more than \d+ MiB, much more than pictures would. "
    r"Nothing of it was kept."
)


def test_a_bomb_is_stopped_while_it_unpacks(reception):
    bomb = corpus.zeros(30, 20)
    assert len(bomb) < MIB
    assert BOMB.fullmatch(reception.fault(bomb))


def test_a_bomb_of_overlapping_members_yields_nothing(reception):
    """Newer Pythons see that members overlap; with older ones the count of bytes stops it."""
    bomb = corpus.overlapping(100)
    assert len(bomb) < MIB
    faults = reception.faults(bomb)["file"]
    assert BOMB.fullmatch(faults[0]) or faults[-1].startswith("Left out, for they are damaged: 99")


def test_an_archive_of_archives_is_not_opened(reception):
    inner = corpus.zeros(20, 4)
    sent = packed({f"{c}/{n}.zip": inner for c in ("cat", "dog") for n in range(5)})
    faults = reception.faults(sent)["file"]
    assert faults[1] == (
        "Archives inside the zip file, which were not opened: "
        "10 (cat/0.zip, cat/1.zip, cat/2.zip, …). Unpack them first."
    )


def test_a_picture_bomb_is_measured_and_not_decoded(reception):
    bomb = corpus.huge_png(30_000)
    assert len(bomb) < MIB
    taken = reception.take(packed(album() | {f"cat/bomb{n}.png": bomb for n in range(5)}))
    assert taken.manifest.count == 12
    assert [str(w) for w in taken.manifest.warnings] == [
        "Left out, for they have more than 40 million pixels or 32 MiB: "
        "5 (cat/bomb0.png, cat/bomb1.png, cat/bomb2.png, …)."
    ]


def test_an_executable_named_png_never_becomes_a_picture(reception, contents):
    program = b"MZ\x90\x00" + b"CANARY" * 50
    taken = reception.take(packed(album() | {"cat/setup.png": program}))
    for file in contents.folder(taken.sha256).iterdir():
        assert b"CANARY" not in file.read_bytes()


LARGEST = {
    "RGBA": lambda: picture(1, (6_300, 6_300), "RGBA", compress_level=1),
    "palette": lambda: picture(1, (6_300, 6_300), "P", compress_level=1),
    "GIF": lambda: picture(1, (6_300, 6_300), "P", "GIF"),
    "progressive": lambda: picture(1, (6_300, 6_300), "RGB", "JPEG", progressive=True),
    "CMYK": lambda: picture(1, (6_300, 6_300), "CMYK", "JPEG"),
    "bomb": lambda: corpus.huge_png(20_000),
}


# A process begins its count with what its parent had at the fork, and a test run grows large: a
# small one in between starts the worker, and prints the most KiB that it had.
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(done.returncode)
"""


@pytest.mark.parametrize("what", LARGEST)
def test_the_worker_stays_within_its_memory(tmp_path, what):
    """The largest picture that is allowed, and one that is not: measured, not believed."""
    (tmp_path / "upload").write_bytes(packed(album() | {"cat/large": LARGEST[what]()}))
    (tmp_path / "out").mkdir()
    order = {
        "source": str(tmp_path / "upload"),
        "out": str(tmp_path / "out"),
        "limits": Limits().plain(),
        "label": None,
        "class_names": {},
    }
    (tmp_path / "order.json").write_text(json.dumps(order))
    worker = [sys.executable, "-I", "-m", "portal.datasets.worker"]
    with (tmp_path / "order.json").open("rb") as stdin, (tmp_path / "said").open("wb") as stdout:
        measured = subprocess.run(
            [sys.executable, "-I", "-c", MEASURE, *worker],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=True,
        )
    assert json.loads((tmp_path / "said").read_bytes()) == {"kind": "pictures"}
    assert int(measured.stderr.split()[-1]) < 512 * 1024
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["count"] == (12 if what == "bomb" else 13)


HONEST = packed(album(each=5))
SMALL = replace(Limits(), unpacked_bytes=64 * MIB, picture_pixels=1_000_000)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(HONEST) - 1), st.binary(min_size=1, max_size=8)),
        min_size=1,
        max_size=12,
    )
)
def test_a_damaged_archive_is_either_read_or_refused(tmp_path_factory, changes):
    sent = bytearray(HONEST)
    for place, content in changes:
        sent[place : place + len(content)] = content
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "upload").write_bytes(sent)
    try:
        count, faults = check_pictures(folder / "upload", folder, SMALL).count, set()
    except Invalid as refusal:
        count, faults = 0, set(refusal.errors)
    assert count <= 10
    assert faults == (set() if count else {"file"})

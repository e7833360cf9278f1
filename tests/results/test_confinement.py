from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from portal.errors import NotFound
from portal.results.confinement import NoPlainFile, folder_below, open_file, read_file
from portal.results.takehome import zip_stream
from tests.results.conftest import Job, progress_of

FILES = ("progress.json", "metrics.jsonl", "status.json", "claim.json", "log.txt")
SECRET = b'{"secret": "CANARY"}\n'


def everything(job) -> str:
    """All that a page would read, as text."""
    folder = job.read
    seen = [folder.progress(1), folder.status(1), folder.claim(1), folder.metrics(1)]
    seen += [folder.log(1), folder.artifacts(1), folder.confusion(1), folder.predictions(1)]
    seen += [progress_of(job.data_root, [(job.run, 1)])]
    return repr(seen) + repr(b"".join(zip_stream([("", folder, 1)])))


@pytest.fixture
def secret(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("elsewhere") / "secret"
    path.write_bytes(SECRET)
    return path


@pytest.mark.parametrize("name", FILES)
def test_a_link_in_place_of_a_file(job, secret, name):
    (job.folder / name).symlink_to(secret)
    assert "CANARY" not in everything(job)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["fifo", "folder", "dangling", "loop", "device"])
def test_anything_that_is_no_plain_file_is_nothing(job, tmp_path_factory, name, kind):
    path = job.folder / name
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to({"dangling": "/nowhere", "loop": name, "device": "/dev/zero"}[kind])
    assert everything(job) == everything(Job(tmp_path_factory.mktemp("empty")))


def test_links_in_place_of_folders(job, secret):
    job.leaves(model__onnx=b"onnx", predictions_of_000__png=b"png")
    (secret.parent / "model.onnx").write_bytes(SECRET)
    (secret.parent / "000.png").write_bytes(SECRET)
    (job.artifacts / "predictions" / "000.png").unlink()
    (job.artifacts / "predictions").rmdir()
    (job.artifacts / "predictions").symlink_to(secret.parent)
    with pytest.raises(NotFound):
        job.read.open(1, "predictions/000.png")
    job.artifacts.rename(job.folder / "was")
    (job.folder / "artifacts").symlink_to(secret.parent)
    with pytest.raises(NotFound):
        job.read.open(1, "model.onnx")
    assert job.read.artifacts(1) == []
    assert "CANARY" not in everything(job)


def test_a_link_in_place_of_the_attempt(job, secret):
    (secret.parent / "log.txt").write_bytes(SECRET)
    folder = job.folder
    folder.rmdir()
    folder.symlink_to(secret.parent)
    assert job.read.log(1) == ""


def test_a_race_that_swaps_a_file_for_a_link(job, secret):
    """A job swaps its model for a link as fast as it can, while the model is downloaded."""
    job.leaves(model__onnx=b"honest")
    model = job.artifacts / "model.onnx"
    spare, link = job.artifacts / "spare", job.artifacts / "link"
    spare.write_bytes(b"honest")
    done = threading.Event()
    swaps = 0

    def swap() -> None:
        nonlocal swaps
        while not done.is_set():
            link.symlink_to(secret)
            link.rename(model)
            spare.write_bytes(b"honest")
            spare.rename(model)
            swaps += 1

    swapper = threading.Thread(target=swap)
    swapper.start()
    outcomes = {"honest": 0, "refused": 0}
    try:
        for _ in range(20_000):
            try:
                with job.read.open(1, "model.onnx") as opened:
                    content = opened.file.read()
            except NotFound:
                outcomes["refused"] += 1
                continue
            assert content in (b"honest", b"")  # b"" while the swapper writes its spare
            outcomes["honest"] += 1
            if min(outcomes.values()) > 50:
                break
    finally:
        done.set()
        swapper.join()
    assert swaps > 0
    assert min(outcomes.values()) > 0, "the race was never lost and never won: it tests nothing"


def test_no_step_leads_out(tmp_path):
    (tmp_path / "inside" / "deeper").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("x")
    for parts in (("..",), (".",), ("",), ("deeper", ".."), ("deeper/..",), ("in\0side",)):
        with pytest.raises(NoPlainFile), folder_below(str(tmp_path / "inside"), parts):
            pass
    with folder_below(str(tmp_path), ("inside",)) as inside:
        for name in ("../outside.txt", "..", "", "/etc/passwd"):
            with pytest.raises(NoPlainFile):
                open_file(inside, name)


def test_no_handle_is_left_open(job):
    job.leaves(model__onnx=b"onnx")
    (job.folder / "progress.json").symlink_to("/etc/passwd")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        everything(job)
        with pytest.raises(NotFound):
            job.read.open(1, "other")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_small_file_is_read_whole_or_not_at_all(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    with folder_below(str(tmp_path), ()) as folder:
        assert read_file(folder, "file", 5) == b"12345"
        with pytest.raises(NoPlainFile):
            read_file(folder, "file", 4)

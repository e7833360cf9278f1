from __future__ import annotations

import io
import itertools
from zipfile import ZipFile

from portal.results.takehome import zip_stream
from tests.results.conftest import Job


def unpacked(stream) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(b"".join(stream))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_everything_of_a_run(job):
    job.leaves(model__onnx=b"onnx" * 99, predictions_of_000__png=b"png")
    job.writes("log.txt", "hello\n")
    job.writes("metrics.jsonl", '{"step": 1}\n')
    job.writes("artifacts/not-listed.txt", "x")
    assert unpacked(zip_stream([("", job.read, 1)])) == {
        "model.onnx": b"onnx" * 99,
        "predictions/000.png": b"png",
        "metrics.jsonl": b'{"step": 1}\n',
        "log.txt": b"hello\n",
    }


def test_a_class_has_a_folder_for_each_seat(tmp_path):
    entries = []
    for seat in range(1, 41):
        job = Job(tmp_path, run=f"{seat:02}-run")
        job.leaves(model__onnx=b"%d" % seat)
        entries.append((f"seat-{seat:02}", job.read, 1))
    found = unpacked(zip_stream(entries))
    assert len(found) == 40
    assert found["seat-07/model.onnx"] == b"7"


def test_it_is_made_while_it_is_sent(tmp_path):
    """The first bytes of a class go out before the last seat is looked at."""
    job = Job(tmp_path)
    job.leaves(model__onnx=bytes(range(256)) * 8_192)
    looked_at = []

    def entries():
        for seat in itertools.count():
            looked_at.append(seat)
            yield f"seat-{seat}", job.read, 1

    stream = zip_stream(entries())
    sent = sum(len(next(stream)) for _ in range(3))
    assert sent > 0
    assert looked_at == [0]
    stream.close()


def test_an_empty_run_is_an_empty_archive(job):
    assert unpacked(zip_stream([("", job.read, 1)])) == {}

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.results import documents
from portal.results.documents import Malformed
from portal.results.takehome import zip_stream
from tests.results.conftest import progress_of

FILES = (
    "progress.json",
    "metrics.jsonl",
    "status.json",
    "claim.json",
    "log.txt",
    "artifacts/confusion.json",
    "artifacts/predictions.json",
)
KEYS = (
    *("version", "run", "attempt", "job", "verdict", "reason", "metrics", "started_at"),
    *("ended_at", "steps", "detail", "artifacts", "name", "kind", "bytes", "sha256", "stage"),
    *("step", "fraction", "updated_at", "labels", "matrix", "items", "picture", "row", "truth"),
    *("guess", "confidence"),
)
STRANGE = st.sampled_from(
    ["\ud800", "\0", "<script>alert(1)</script>", "=cmd()", "../../x", "\u202e", "a" * 5_000]
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | STRANGE
    | st.sampled_from([10**400, -(10**30), "training", "succeeded", 1]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text() | STRANGE, inner, max_size=6)
    ),
    max_leaves=20,
)
CONTENT = (
    ANYTHING.map(lambda value: json.dumps(value).encode())
    | st.lists(ANYTHING, max_size=5).map(
        lambda values: b"\n".join(json.dumps(v).encode() for v in values) + b"\n"
    )
    | st.binary(max_size=300)
    | st.sampled_from([b"", b"\xff\xfe{", b"null\n", b"{}\n" * 9])
)
MANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@MANY
@given(data=st.data())
def test_whatever_a_job_writes_the_page_is_still_made(job, data):
    """Every file at once is anything; all that comes out can be sent as JSON in UTF-8."""
    for name in FILES:
        job.writes(name, data.draw(CONTENT, label=name))
    folder = job.read
    found = [
        folder.progress(1),
        folder.status(1),
        folder.claim(1),
        folder.metrics(1),
        folder.log(1),
        folder.confusion(1),
        folder.predictions(1),
        [a.name for a in folder.artifacts(1)],
        progress_of(job.data_root, [(job.run, 1), ("ffff", 1)]),
    ]
    text = json.dumps(found, default=repr, ensure_ascii=False, allow_nan=False)
    assert text.encode("utf-8").decode("utf-8") == text
    assert not any(c in folder.log(1) for c in "\0\x1b\u202e\ud800")
    assert b"".join(zip_stream([("", folder, 1)]))[:2] == b"PK"


@MANY
@given(changes=st.dictionaries(st.sampled_from(KEYS), ANYTHING, min_size=1, max_size=3))
def test_a_good_status_with_anything_in_it(job, changes):
    job.writes("status.json", job.status(**changes))
    found = job.read.status(1)
    if found is not None:
        assert found.run == job.run
        assert found.verdict in ("succeeded", "failed")
        assert all(isinstance(value, float) for value in found.metrics.values())
        assert found.detail.encode("utf-8").decode("utf-8") == found.detail


@given(value=ANYTHING)
def test_values_are_what_they_should_be_or_refused(value):
    for check, kinds in (
        (documents.number, float),
        (documents.whole, int),
        (documents.number_or_none, (float, type(None))),
        (documents.metrics, dict),
        (lambda v: documents.text(v, 10), str),
    ):
        try:
            found = check(value)
        except Malformed:
            continue
        assert isinstance(found, kinds)


@given(content=st.binary(max_size=200))
def test_documents_of_anything(content):
    try:
        assert isinstance(documents.document(content), dict)
    except Malformed:
        return


@pytest.mark.parametrize(
    "content", [b"[" * 200_000, b'{"a":' * 100_000, b"[" * 200_000 + b"]" * 200_000]
)
@pytest.mark.parametrize("name", FILES)
def test_depths_that_no_reader_should_follow(job, name, content):
    job.writes(name, content + b"\n")
    folder = job.read
    assert (folder.progress(1), folder.status(1), folder.claim(1)) == (None, None, None)
    assert (folder.metrics(1)[0], folder.confusion(1), folder.predictions(1)) == ([], None, [])


@pytest.mark.parametrize("content", [b"1" * 5_000, b'{"a": ' + b"9" * 5_000 + b"}"])
def test_numbers_longer_than_python_takes(content):
    with pytest.raises(Malformed):
        documents.document(content)

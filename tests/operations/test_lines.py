"""A line of log is one line, whatever a job or a stranger put into it."""

from __future__ import annotations

import logging
import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.operations.lines import Line
from portal.operations.server_log import without_names

UUID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
AT = re.compile(r"at=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")


def written(event: str, **fields: object) -> str:
    record = logging.makeLogRecord(
        {"name": "portal.x", "levelname": "INFO", "msg": event, "created": 0.0, "process": 7}
    )
    vars(record).update(fields)
    return Line().format(record)


def test_an_event_and_what_it_was_about() -> None:
    assert written("submitted", batch="3f-a", job=12, runs=["a", "b"], reason=None) == (
        "at=1970-01-01T00:00:00.000Z level=info logger=portal.x pid=7 event=submitted"
        " batch=3f-a job=12 runs=a,b"
    )


def test_words_are_in_quotes() -> None:
    assert written("not submitted", words='say "no"').endswith(
        r'event="not submitted" words="say \"no\""'
    )


def test_a_whole_class_fits_and_a_whole_town_is_cut() -> None:
    assert written("x", runs=list(range(40))).endswith("37,38,39")
    assert "and 3500 more" in written("x", runs=list(range(3600)))


@given(st.text())
def test_no_text_begins_a_line_or_a_field_of_its_own(text: str) -> None:
    line = written("x", words=text)
    assert len(line.splitlines()) == 1
    assert AT.match(line)


def test_a_forged_field_stays_inside_its_quotes() -> None:
    line = written("x", words="ok\nat=now level=error event=forged run=1")
    assert len(shlex.split(line)) == 6


def test_a_traceback_is_the_end_of_the_line() -> None:
    try:
        raise RuntimeError("a fault\nof ours")
    except RuntimeError as fault:
        line = written("failed", exc_info=(RuntimeError, fault, fault.__traceback__))
    assert "\n" not in line
    assert r"RuntimeError: a fault\nof ours" in line


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/api/v1/datasets/zhang-xiaoming", "/api/v1/datasets/*"),
        ("/api/v1/classes/7-2", "/api/v1/classes/*"),
        ("/data/%E5%BC%A0/contact-sheet", "/data/*/contact-sheet"),
        (f"/data/{UUID}", f"/data/{UUID}"),
        ("/data/new", "/data/new"),
        ("/data", "/data"),
        ("/api/v1/runs", "/api/v1/runs"),
    ],
)
def test_a_line_of_the_server_has_ids_and_no_names(path: str, kept: str) -> None:
    assert without_names(path) == kept

"""One event, one line: `at=… level=… logger=… pid=… event="…"` and then what it was about.

The form is logfmt, which journald keeps as it is and which Loki and others read:
https://brandur.org/logfmt. A log call names its event in plain words and hands over the things it
was about, `log.info("submitted", extra={"batch": …, "runs": […]})`. A value with anything but
plain characters is written as a JSON string, so that no job, upload or address can begin a line of
its own.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

PLAIN = re.compile(r"[A-Za-z0-9_.:/@+,%-]+")
# An attribute that every record has is no field of an event.
_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Line(logging.Formatter):
    """Formats a record as one line of key=value pairs, with the time in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback is the last value of it."""
        at = datetime.fromtimestamp(record.created, UTC)
        pairs: list[tuple[str, object]] = [
            ("at", at.isoformat(timespec="milliseconds").replace("+00:00", "Z")),
            ("level", record.levelname.lower()),
            ("logger", record.name),
            ("pid", record.process),
            ("event", record.getMessage()),
        ]
        own = (pair for pair in vars(record).items() if pair[0] not in _OF_EVERY_RECORD)
        pairs += [(key, value) for key, value in own if value is not None]
        if record.exc_info:
            pairs.append(("traceback", self.formatException(record.exc_info)))
        return " ".join(f"{key}={_written(value)}" for key, value in pairs)


def to_stderr() -> None:
    """Every logger of this process writes such lines to standard error, from INFO on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # Alembic tells of each look at the database's revision, and /readyz looks every few seconds.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # The same of httpx, which tells of each request to slurmrestd.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _written(value: object) -> str:
    if isinstance(value, list | tuple) and value:
        value = ",".join(map(str, _few(value)))
    text = str(value)
    if PLAIN.fullmatch(text):
        return text
    # Chinese stays readable; what a terminal or a reader may take for a new line does not stay.
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _few(values: Iterable[object], most: int = 100) -> list[object]:
    """As many as one line should carry; a class has forty seats."""
    kept = list(values)
    return kept if len(kept) <= most else [*kept[:most], f"and {len(kept) - most} more"]

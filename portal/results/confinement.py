"""Open files below a folder without ever leaving it.

A job may put links where files are expected, and swap them while we look. So every step of a path
is opened by itself, relative to the handle of the folder before, and none may be a link
(https://cwe.mitre.org/data/definitions/367.html). What is opened is then asked what it is: a FIFO
would let a reader wait for ever, a device might do anything.
"""

from __future__ import annotations

import os
import posix
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK the opening of a FIFO waits for somebody who writes.
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

# In a gevent worker `os.close` first looks for a greenlet that waits on the handle. None ever waits
# on a plain file, and a hall full of classes closes tens of thousands of them a second.
close = posix.close


class NoPlainFile(OSError):
    """Something lies there, but it is no plain file."""


@contextmanager
def folder_below(folder: int | str, parts: Sequence[str]) -> Iterator[int]:
    """A handle of the folder `parts` below `folder` (a handle, or a path that is trusted).

    Raises `OSError` where a part is missing, is a link, or is no folder.
    """
    if isinstance(folder, str):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            inner = open_folder(handle, parts)
        finally:
            close(handle)
    else:
        inner = open_folder(folder, parts)
    try:
        yield inner
    finally:
        close(inner)


def open_folder(folder: int, parts: Sequence[str]) -> int:
    """The same for a handle; the caller closes what comes back."""
    handle = os.dup(folder) if not parts else folder
    for part in parts:
        try:
            inner = os.open(_single(part), FOLDER_FLAGS, dir_fd=handle)
        finally:
            if handle != folder:
                close(handle)
        handle = inner
    return handle


def open_file(folder: int, name: str) -> int:
    """A handle of the plain file `name` right in `folder`, for reading; the caller closes it.

    Raises `OSError`, of which `NoPlainFile` is one.
    """
    return open_and_look(folder, name)[0]


def open_and_look(folder: int, name: str) -> tuple[int, os.stat_result]:
    """The same, and what was seen of the file as soon as it was open."""
    handle = os.open(_single(name), FILE_FLAGS, dir_fd=folder)
    seen = os.fstat(handle)
    if stat.S_ISREG(seen.st_mode):
        return handle, seen
    close(handle)
    raise NoPlainFile(f"{name!r} is no plain file")


def read_file(folder: int, name: str, most: int) -> bytes:
    """The content of a small file. Raises `OSError`, also for more than `most` bytes."""
    handle = open_file(folder, name)
    try:
        return read_open(handle, most)
    finally:
        close(handle)


def read_open(handle: int, most: int) -> bytes:
    """The content of a small open file. Raises `OSError`, also for more than `most` bytes."""
    content = bytearray()
    while len(content) <= most and (chunk := os.read(handle, most + 1 - len(content))):
        content += chunk
    if len(content) > most:
        raise NoPlainFile(f"a file is longer than {most} bytes")
    return bytes(content)


def _single(part: str) -> str:
    """One step of a path. Raises `OSError` for what would be more, or a step back."""
    if part in ("", ".", "..") or "/" in part or "\0" in part:
        raise NoPlainFile(f"{part!r} is no name of a file")
    return part

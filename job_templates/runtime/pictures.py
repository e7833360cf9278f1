"""The pictures of a data set: `pictures.zip` with one folder per class."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path, PurePosixPath

from runtime.failures import DataUnreadable, TooLittleData

ENDINGS = (".png", ".jpg", ".jpeg")
LEAST_PER_CLASS = 4
LEAST_CLASSES = 2


class Pictures:
    """Names by class, and the bytes behind a name.

    `place` is a data set's folder; on a laptop it may also be a .zip or a folder of folders.
    """

    def __init__(self, place: Path) -> None:
        self._folder = place
        self._zip = None
        zipped = place if place.suffix == ".zip" else place / "pictures.zip"
        try:
            if zipped.is_file():
                self._zip = zipfile.ZipFile(zipped)
                names = self._zip.namelist()
            else:
                paths = (path for path in place.rglob("*") if path.is_file())
                names = [path.relative_to(place).as_posix() for path in paths]
        except (OSError, zipfile.BadZipFile) as error:
            raise DataUnreadable(f"{zipped}: {error}") from error
        self.by_class = _by_class(names)

    def read(self, name: str) -> io.BytesIO:
        """The encoded bytes of one picture."""
        try:
            if self._zip is None:
                return io.BytesIO((self._folder / name).read_bytes())
            return io.BytesIO(self._zip.read(name))
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise DataUnreadable(f"{name}: {error}") from error


def _by_class(names: list[str]) -> dict[str, list[str]]:
    classes: dict[str, list[str]] = {}
    for name in sorted(names):
        path = PurePosixPath(name)
        if path.suffix.lower() in ENDINGS and path.parent.name:
            classes.setdefault(path.parent.name, []).append(name)
    enough = {label: found for label, found in classes.items() if len(found) >= LEAST_PER_CLASS}
    if len(enough) < LEAST_CLASSES:
        raise TooLittleData(
            f"{len(enough)} classes have at least {LEAST_PER_CLASS} pictures; two are needed"
        )
    return dict(sorted(enough.items()))

"""One small picture that shows what is in a set of pictures: a row for each class."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

CELL = 64
COLUMNS = 8
ROWS = 20
QUALITY = 80


class ContactSheet:
    """Collects the first pictures of the first classes."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Image.Image]] = {}

    def add(self, name: str, image: Image.Image) -> None:
        """Show a picture, if there is still a place for it."""
        if name not in self._rows and len(self._rows) == ROWS:
            return
        row = self._rows.setdefault(name, [])
        if len(row) < COLUMNS:
            small = image.convert("RGB")
            scale = CELL / max(small.size)
            size = (max(1, round(small.width * scale)), max(1, round(small.height * scale)))
            way = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
            row.append(small.resize(size, way))

    def save(self, path: Path) -> dict[str, object]:
        """Write the sheet as WebP; the answer says which row shows which class."""
        sheet = Image.new("RGB", (CELL * COLUMNS, CELL * max(1, len(self._rows))), "white")
        for y, images in enumerate(self._rows.values()):
            for x, image in enumerate(images):
                left = x * CELL + (CELL - image.width) // 2
                sheet.paste(image, (left, y * CELL + (CELL - image.height) // 2))
        sheet.save(path, "WEBP", quality=QUALITY)
        return {"cell": CELL, "columns": COLUMNS, "rows": list(self._rows)}

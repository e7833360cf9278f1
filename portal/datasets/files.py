"""The files of a content, by kind."""

from __future__ import annotations

MANIFEST = "manifest.json"
PREVIEW = "preview.json"
TABLE = "data.csv"
PICTURES = "pictures.zip"
CONTACT_SHEET = "contact-sheet.webp"

FILES = {
    "table": frozenset({MANIFEST, PREVIEW, TABLE}),
    "pictures": frozenset({MANIFEST, PREVIEW, PICTURES, CONTACT_SHEET}),
}

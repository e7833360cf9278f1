"""All templates of a site: the house's own folder and those that the settings add."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from portal.catalog.folder import TOML, BadTemplate, Fault, load_template
from portal.catalog.template import Template
from portal.errors import NotFound
from portal.language import N_


class Catalog:
    """The templates found in some folders, read once when it is made.

    A bad folder is left out and its faults are kept for staff: one slip in one template must not
    take the others from the classes.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._templates: dict[str, Template] = {}
        faults: list[Fault] = []
        for folder in template_folders(folders):
            try:
                template = load_template(folder)
            except BadTemplate as bad:
                faults += bad.faults
                continue
            if template.name in self._templates:
                first = self._templates[template.name].folder
                message = N_("A template of this name is in {folder} already.", folder=first)
                faults.append(Fault(folder, "", template.name, message))
            else:
                self._templates[template.name] = template
        self.faults = tuple(faults)

    def all(self) -> tuple[Template, ...]:
        """Every good template, by name."""
        return tuple(self._templates[name] for name in sorted(self._templates))

    def get(self, name: str) -> Template:
        """The template of that name; NotFound when there is none."""
        try:
            return self._templates[name]
        except KeyError as error:
            raise NotFound(N_("There is no template “{name}”.", name=name)) from error


def template_folders(folders: Sequence[Path]) -> list[Path]:
    """The folders below `folders` that hold a template.toml, in order of their names."""
    return [
        path
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if (path / TOML).exists()
    ]

"""The train form between the browser and the rooms: what was typed is kept, whatever is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from portal.catalog import Template
from portal.errors import Invalid
from portal.language import N_
from portal.lessons.draft import LessonRequest
from portal.runs.launch import RunRequest
from portal.web.seat_numbers import seat_numbers

PREFIX = "parameters."
ALONE = "me"
MINUTES = 40


@dataclass(frozen=True)
class TrainingForm:
    """What somebody has chosen and typed so far; an empty form has the template's defaults."""

    template: Template
    typed: MultiDict[str, str]
    language: str
    role: str

    @property
    def alone(self) -> bool:
        """Whether the run is for the teacher, to try the template out."""
        return self.text("whom") == ALONE

    @property
    def shown(self) -> bool:
        """Whether the form has been sent before, so that an unticked box means no."""
        return "sent" in self.typed

    def text(self, name: str, default: object = "") -> str:
        """One value as it was typed."""
        return str(self.typed.get(name, default))

    def value(self, name: str, default: object) -> Any:
        """What a parameter's input shows; lists for columns."""
        field = self.template.field(name)
        key = PREFIX + name
        if field.kind == "columns":
            return self.typed.getlist(key) if self.shown else default
        if field.kind == "boolean":
            return key in self.typed if self.shown else bool(default)
        return self.typed.get(key, default)

    def parameters(self) -> dict[str, Any]:
        """The parameters as the catalogue reads them; whatever is missing takes its default."""
        given: dict[str, Any] = {}
        for key in self.typed:
            if key.startswith(PREFIX):
                given[key.removeprefix(PREFIX)] = self.typed[key]
        for field in self.template.fields_for(self.role):
            if field.kind == "columns" and (self.shown or PREFIX + field.name in self.typed):
                given[field.name] = self.typed.getlist(PREFIX + field.name)
            elif field.kind == "boolean" and self.shown:
                given[field.name] = PREFIX + field.name in self.typed
        return given

    def for_class(self) -> LessonRequest:
        """The launch of a class. Raises `Invalid` where seats or minutes are no numbers."""
        return LessonRequest(
            school_class=self.text("whom"),
            template=self.template.name,
            data=self.text("data"),
            share=self._number("share"),
            parameters=self.parameters(),
            minutes=self._number("minutes") or MINUTES,
            seats=seat_numbers(self.text("seats")),
            language=self.language,
        )

    def for_one(self) -> RunRequest:
        """A single run of whoever asks."""
        return RunRequest(
            template=self.template.name,
            data=self.text("data"),
            share=self._number("share"),
            parameters=self.parameters(),
            language=self.language,
        )

    def _number(self, name: str) -> int | None:
        typed = self.text(name).strip()
        if not typed:
            return None
        try:
            return int(typed)
        except ValueError as cause:
            raise Invalid.one(name, N_("This is not a whole number.")) from cause

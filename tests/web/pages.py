"""Every page of the portal with an address that works in the classroom, by who may open it."""

from __future__ import annotations

from html.parser import HTMLParser

from tests.web.classroom import Classroom

SEAT = "hua-7-2-01"


def pages_of(classroom: Classroom) -> list[tuple[str, str]]:
    """Login and address of each page that answers with HTML."""
    lesson, runs = classroom.lesson_id, classroom.runs
    teacher = [
        "/",
        "/templates",
        "/train/image-classifier",
        "/train/tabular-classifier",
        "/classes",
        f"/classes/{classroom.class_id}",
        f"/classes/{classroom.class_id}/code",
        f"/classes/{classroom.class_id}/cards",
        f"/lessons/{lesson}",
        *(f"/runs/{runs[state][0]}" for state in runs),
        f"/runs/{runs['running'][0]}/state",
        f"/runs/{runs['succeeded'][0]}/log",
        "/history",
        "/history?state=failed",
        "/usage",
        "/usage/sheet",
        "/data",
        "/data/new",
        "/tokens",
        "/school/data",
        "/school/data/consent",
        f"/school/data/delete/run/{runs['failed'][0]}",
        f"/data/{classroom.pictures_id}",
        f"/data/{classroom.table_id}",
    ]
    seat = ["/seat", "/sit", "/data", f"/data/{classroom.table_id}", "/history", "/templates"]
    staff = [
        "/cluster",
        "/cluster/now",
        "/classes",
        "/history",
        "/usage",
        "/audit",
        "/data",
        "/templates",
        "/staff/schools",
        "/staff/schools/new",
        "/staff/schools/hua",
        "/people",
        "/school/data",
        "/school/data?school=hua",
        "/people/new",
        "/tokens",
    ]
    return [
        *(("li", address) for address in teacher),
        *(("chen", f"/school/data{rest}") for rest in ("", f"/delete/class/{classroom.class_id}")),
        *(
            ("chen", address)
            for address in (
                *("/classes", "/classes/new", "/classes/several"),
                *("/people", "/people/new", "/tokens", "/account"),
            )
        ),
        *((SEAT, address) for address in seat),
        *(("staff", address) for address in staff),
    ]


class Anatomy(HTMLParser):
    """What a page is made of, as a browser would see it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._skip = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._skip += tag in ("script", "style", "code", "pre")

    def handle_endtag(self, tag: str) -> None:
        self._skip -= tag in ("script", "style", "code", "pre")

    def handle_data(self, data: str) -> None:
        if not self._skip and data.strip():
            self.words.append(data.strip())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every such element."""
        return [attributes for name, attributes in self.tags if name == tag]

    def spoken(self) -> list[str]:
        """Everything that a person reads or is read: text, titles, labels, alternatives."""
        names = ("title", "aria-label", "alt", "placeholder", "data-ask")
        heard = [attributes.get(name) for _, attributes in self.tags for name in names]
        return self.words + [words for words in heard if words]

"""What people send by mistake or with intent, to a portal that runs: what they saw is kept.

Every case asks three things: was it refused with a sentence, is everything as it was before, and
does the portal still answer. `var/bad-input.md` is the table of what each person read.
"""

from __future__ import annotations

import csv
import itertools
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

import pytest
from stage import school
from stage.checkout import VAR
from stage.client import Portal, Refused

from portal.app import create_app
from portal.config import load
from tests.datasets import corpus
from tests.lesson.day import Day, command, taking_part
from tests.lesson.visitor import Visitor

pytestmark = pytest.mark.cluster

MIB = 1 << 20
INJECTIONS = ("$(reboot)", "5\n#SBATCH --nice=-5", "<script>alert(1)</script>", "../../etc/passwd")


@dataclass
class Notes:
    """The table for people."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, what: str, status: int, said: str) -> None:
        self.rows.append((what, str(status), said))

    def write(self, file: Path) -> None:
        cells = (tuple(_cell(text) for text in row) for row in self.rows)
        lines = ["| what was sent | status | what the person saw |", "|---|---|---|"]
        lines += [f"| {what} | {status} | {said} |" for what, status, said in cells]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())[:400]


@pytest.fixture(scope="module")
def notes() -> Iterator[Notes]:
    made = Notes()
    yield made
    made.write(VAR / "bad-input.md")


@pytest.fixture(scope="module")
def teacher(_day: Day) -> Visitor:
    account = _day.accounts[school.TEACHER]
    return Visitor(_day.site, account.login, account.password)


def _state(day: Day) -> dict[str, Any]:
    """What must not change when something is refused."""
    return {
        "data sets": sorted(d["id"] for d in day.teacher.get("/datasets")["items"]),
        "lessons": sorted(item["id"] for item in day.teacher.get("/lessons")["items"]),
        "contents": sorted(path.name for path in day.data_root.glob("contents/*/*")),
    }


# --- Files --------------------------------------------------------------------------------------


def _plain(content: bytes) -> tuple[Iterator[bytes], int]:
    return iter([content]), len(content)


def _ragged() -> bytes:
    lines = corpus.table().splitlines()
    lines[5] += ",one,too,many"
    lines[9] = "7.5"
    return "\n".join(lines).encode()


def _spoilt_zip(name: str, content: bytes, mode: int = 0) -> bytes:
    return corpus.packed(corpus.album(), [(corpus.member(name, mode), content)])


REFUSED_FILES = {
    "a CSV with ragged rows": ("ragged.csv", _ragged),
    "a CSV with one column and nothing to guess": ("one.csv", lambda: b"height\n1\n2\n3\n"),
    "an empty file": ("empty.csv", lambda: b""),
    "a CSV with a header and no rows": ("head.csv", lambda: b"height,kind\n"),
    "a Word document named .csv": ("table.csv", lambda: b"\xd0\xcf\x11\xe0" + bytes(4000)),
    "an ELF executable named .zip": ("album.zip", lambda: b"\x7fELF\x02\x01\x01" + bytes(4000)),
    "a zip bomb: 2.4 GB of zeros": ("bomb.zip", lambda: corpus.zeros(300, 8)),
    "a zip bomb: 20 GB by overlapping members": ("bomb2.zip", lambda: corpus.overlapping(1000)),
    "a zip with ../": ("up.zip", lambda: _spoilt_zip("../../../etc/cron.d/x.png", b"x")),
    "a zip with a link": (
        "link.zip",
        lambda: _spoilt_zip("cat/link.png", b"/etc/passwd", corpus.LINK),
    ),
    "a zip in a zip": (
        "nested.zip",
        lambda: corpus.packed({"cat/more.zip": corpus.packed(corpus.album())}, how=ZIP_DEFLATED),
    ),
    "a zip of one class": ("one.zip", lambda: corpus.packed(corpus.album(["cat"]))),
}


# The rest of such an album is good: it is kept, and what was left out is named.
LEFT_OUT = {
    "a zip with a picture bomb": ("cat/huge.png", lambda: corpus.huge_png(30_000)),
    "a zip with an executable named .png": (
        "cat/run.png",
        lambda: b"\x7fELF\x02\x01\x01" + bytes(4000),
    ),
}


@pytest.mark.parametrize("what", list(REFUSED_FILES))
def test_a_file_is_refused_in_a_sentence(
    day: Day, teacher: Visitor, notes: Notes, what: str
) -> None:
    before = _state(day)
    name, made = REFUSED_FILES[what]
    content, length = _plain(made())
    answer = teacher.upload(name, content, length, name="我们班的数据", label="", source="")
    notes.add(what, answer.status, answer.said)
    assert answer.status in (413, 422)
    assert answer.said
    assert 'value="我们班的数据"' in answer.body
    assert _state(day) == before


@pytest.mark.parametrize("what", list(LEFT_OUT))
def test_a_bad_picture_is_left_out_and_named(
    day: Day, teacher: Visitor, notes: Notes, what: str
) -> None:
    member, made = LEFT_OUT[what]
    content, length = _plain(_spoilt_zip(member, made()))
    answer = teacher.upload("album.zip", content, length, name=what)
    assert answer.status == 303
    data = day.teacher.get(f"/datasets/{answer.location.rsplit('/', 1)[-1]}")
    assert data["content"]["count"] == len(corpus.album())
    page = teacher.get(answer.location)
    assert member in page.body
    notes.add(what, 303, f"the other {data['content']['count']} are kept; {data['warnings'][0]}")


def test_a_label_that_is_no_column(day: Day, teacher: Visitor, notes: Notes) -> None:
    content, length = _plain(corpus.table().encode())
    answer = teacher.upload("t.csv", content, length, name="", label="species", source="")
    notes.add("a CSV without the column that was named", answer.status, answer.said)
    assert answer.status == 422
    assert "species" in answer.said


def test_a_table_in_gbk_is_read(day: Day, teacher: Visitor, notes: Notes) -> None:
    text = corpus.table(header="身高,颜色,种类").replace("cat", "猫").replace("dog", "狗")
    content, length = _plain(text.encode("gbk"))
    answer = teacher.upload("宠物.csv", content, length, name="宠物", label="", source="")
    assert answer.status == 303
    page = teacher.get(answer.location)
    notes.add("a CSV in GBK", 303, "is read: the page shows 身高, 颜色, 种类 and 猫, 狗")
    assert all(word in page.body for word in ("身高", "颜色", "种类", "猫", "狗"))


def test_the_same_file_twice_is_kept_once(day: Day, teacher: Visitor) -> None:
    table = corpus.table(44).encode()
    for name in ("first", "second"):
        content, length = _plain(table)
        assert teacher.upload("t.csv", content, length, name=name).status == 303
    mine = {d["name"]: d["sha256"] for d in day.teacher.get("/datasets")["items"]}
    assert mine["first"] == mine["second"]


def test_ten_million_rows(day: Day, teacher: Visitor, notes: Notes) -> None:
    before = _state(day)
    thousand = b"".join(b"%d.5,red,cat\n" % (n % 10) for n in range(1000))
    head = b"height,colour,kind\n"
    content = itertools.chain([head], itertools.repeat(thousand * 10, 1000))
    answer = teacher.upload("big.csv", content, len(head) + len(thousand) * 10_000, name="big")
    notes.add("a CSV with 10 million rows", answer.status, answer.said)
    assert answer.status == 413
    assert _state(day) == before


def test_three_gigabytes(day: Day, teacher: Visitor, notes: Notes) -> None:
    before = _state(day)
    piece = bytes(MIB)
    sent = itertools.count()

    def endless() -> Iterator[bytes]:
        for _ in range(3072):
            next(sent)
            yield piece

    answer = teacher.upload("film.zip", endless(), 3072 * MIB, name="film")
    megabytes = next(sent)
    notes.add("an upload of 3 GB", answer.status, f"{answer.said} (after {megabytes} MiB)")
    assert answer.status == 413
    assert megabytes < 100
    assert _state(day) == before


# --- Values -------------------------------------------------------------------------------------

GOOD: dict[str, Any] = {
    "class": school.CLASS,
    "template": "image-classifier",
    "data": "fashion-mnist-1000",
    "share": 1,
    "minutes": 40,
    "seats": None,
    "parameters": {},
}
WRONG: list[tuple[str, Any]] = [
    *(("class", value) for value in ("9-9", "", 7, *INJECTIONS)),
    *(("template", value) for value in ("no-such", "", ["a"], *INJECTIONS)),
    *(("data", value) for value in ("no-such", "penguins", "", *INJECTIONS)),
    *(("share", value) for value in (3, -1, 9, 1.5, "1;2", "gpu:8")),
    *(("minutes", value) for value in (0, -5, 100_000, "soon", 1e99)),
    *(("seats", value) for value in ([0], [41], [], ["one"], "1-10", [1.5])),
    *(("parameters", value) for value in ("epochs=5", [1], {"no_such": 1})),
]


def _wrong_parameters(portal: Portal, template: str, data: str) -> Iterator[tuple[str, Any]]:
    shape = portal.get(f"/templates/{template}?data={data}")["parameters"]
    for name, rule in shape["properties"].items():
        kind = rule.get("type")
        wrong: list[Any] = [None, {"a": 1}, *INJECTIONS]
        if kind in ("integer", "number"):
            wrong += [rule["minimum"] - 1, rule["maximum"] + 1, 1e308, "NaN", "many"]
        if kind == "array":
            wrong += [[], ["no such column"], "no such column"]
        for value in wrong:
            yield name, value


def test_wrong_values_in_every_field(day: Day, notes: Notes) -> None:
    reader = Portal(day.site.address, language="zh")
    account = day.accounts[school.TEACHER]
    reader = reader.log_in(account.login, account.password)
    before = _state(day)
    cases = [(name, value, {**GOOD, name: value}) for name, value in WRONG]
    for template, data in (
        ("image-classifier", "fashion-mnist-1000"),
        ("tabular-classifier", "penguins"),
    ):
        cases += [
            (
                f"parameters.{name}",
                value,
                {**GOOD, "template": template, "data": data, "parameters": {name: value}},
            )
            for name, value in _wrong_parameters(reader, template, data)
        ]
    accepted, unexplained = [], []
    told: dict[tuple[str, str], tuple[Any, int]] = {}
    for name, value, body in cases:
        try:
            reader.post("/lessons", body)
            accepted.append((name, value))
        except Refused as refusal:
            if refusal.status != 422 or not refusal.answer["errors"]:
                unexplained.append((name, value, refusal.status, refusal.answer))
            told.setdefault((name, str(refusal)), (value, refusal.status))
    for (name, said), (value, status) in told.items():
        notes.add(f"`{name}` = `{value!r}`", status, said)
    assert accepted == []
    assert unexplained == []
    assert _state(day) == before
    reader.log_out()


# --- Another school -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Neighbours:
    """Another school with a teacher, and ids of ours that are none of theirs."""

    visitor: Visitor
    portal: Portal
    ours: dict[str, str]


@pytest.fixture(scope="module")
def neighbours(_day: Day) -> Neighbours:
    command(_day, "schools", "add", "other", "另一所学校", "--account", "school2")
    made = ["people", "add", "wang", "王老师", "--role", "teacher", "--school", "other"]
    command(_day, *made, "--password-file", "-", typed="another-secret-1\n")
    school.end_open_lessons(_day.teacher)
    lesson = _day.ended(_day.launch("counting", "penguins", seats=[1])["id"])
    table = corpus.table(33).encode()
    account = _day.accounts[school.TEACHER]
    mine = Visitor(_day.site, account.login, account.password)
    made_data = mine.upload("ours.csv", iter([table]), len(table), name="ours")
    token = _day.teacher.get("/tokens")["items"][0]["id"]
    run = taking_part(lesson)[0]["run"]
    return Neighbours(
        Visitor(_day.site, "wang", "another-secret-1"),
        Portal(_day.site.address).log_in("wang", "another-secret-1"),
        {
            "class_id": lesson["class"],
            "lesson_id": lesson["id"],
            "run_id": run,
            "data_id": made_data.location.rsplit("/", 1)[-1],
            "id_or_name": made_data.location.rsplit("/", 1)[-1],
            "id_or_slug": lesson["class"],
            "token_id": token,
            "name": "model.onnx",
            "school": school.SCHOOL,
            "kind": "class",
            "which": lesson["class"],
            # This day has or knows none of these; tests/security has them of another school.
            "user_id": str(uuid.uuid4()),
            "term_id": str(uuid.uuid4()),
            "erasure_id": str(uuid.uuid4()),
        },
    )


def test_another_schools_ids_in_every_url(day: Day, neighbours: Neighbours, notes: Notes) -> None:
    before = _state(day)
    routes = list(create_app(load(day.site.settings)).url_map.iter_rules())
    tried, open_doors = 0, []
    for rule in routes:
        # The school of a template is nobody's; static files are everybody's.
        needed = rule.arguments - {"template", "filename"}
        if not needed or rule.rule.startswith("/api/v1/templates"):
            continue
        assert rule.arguments <= {*neighbours.ours, "template"}, f"{rule.rule} names something new"
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            status = _try(neighbours, method, _named(rule.rule, neighbours.ours))
            tried += 1
            if status == 403:
                # Not for a teacher, whatever it names: that tells nothing of ours.
                nobodys = dict.fromkeys(neighbours.ours, str(uuid.uuid4())) | {"kind": "class"}
                status = 404 if _try(neighbours, method, _named(rule.rule, nobodys)) == 403 else 403
            if status != 404:
                open_doors.append((method, rule.rule, status))
    assert open_doors == []
    assert tried > 30
    said = neighbours.visitor.get(f"/runs/{neighbours.ours['run_id']}").said
    notes.add(f"another school's ids in {tried} addresses (pages and API)", 404, said)
    assert _state(day) == before


def _named(rule: str, names: Mapping[str, str]) -> str:
    path = rule.replace("<template>", "image-classifier")
    for name, value in names.items():
        path = path.replace(f"<{name}>", value).replace(f"<path:{name}>", value)
    return path


def _try(neighbours: Neighbours, method: str, path: str) -> int:
    if path.startswith("/api/"):
        try:
            key, body = (str(uuid.uuid4()), {}) if method == "POST" else ("", None)
            neighbours.portal.ask(method, path.removeprefix("/api/v1"), body, key)
        except Refused as refusal:
            return refusal.status
        return 200
    if method == "GET":
        return neighbours.visitor.get(path).status
    return neighbours.visitor.post(path).status


def test_a_seat_in_a_teachers_places(day: Day, notes: Notes) -> None:
    with school.slips(day.site).open(newline="") as stream:
        row = next(csv.DictReader(stream))
    seat = Portal(day.site.address, language="zh").log_in(row["login"], row["password"])
    with pytest.raises(Refused) as refusal:
        seat.post("/lessons", GOOD)
    notes.add("a seat launches the whole class", refusal.value.status, str(refusal.value))
    assert refusal.value.status == 403
    with pytest.raises(Refused) as refusal:
        seat.get("/cluster")
    assert refusal.value.status == 403
    seat.log_out()

from __future__ import annotations

import pytest

from portal.datasets.manifest import ClassCount, TableManifest
from portal.datasets.preview import TablePreview
from tests.datasets.corpus import table


def test_a_table_is_kept_and_described(reception, contents, rows_of):
    taken = reception.take(table(30))
    manifest = taken.manifest
    assert isinstance(manifest, TableManifest)
    assert (manifest.rows, manifest.label) == (30, "kind")
    assert [(c.name, c.type) for c in manifest.columns] == [
        ("height", "number"),
        ("colour", "text"),
        ("kind", "text"),
    ]
    assert manifest.classes == (ClassCount("cat", 15), ClassCount("dog", 15))
    assert manifest.warnings == ()
    assert rows_of(taken)[:2] == ["height,colour,kind", "1.5,blue,dog"]
    preview = contents.preview(taken.sha256)
    assert isinstance(preview, TablePreview)
    assert len(preview.rows) == 20
    height = preview.summary[0]
    assert (height.minimum, height.maximum, height.mean) == (1.5, 30.5, 16.0)
    assert dict(preview.summary[1].values) == {"red": 20, "blue": 10}


CHINESE = "身高,颜色,种类\n" + "".join(f"{n},红,{'猫' if n % 2 else '狗'}\n" for n in range(20))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_every_way_a_chinese_table_is_saved(reception, rows_of, encoding, delimiter):
    sent = CHINESE.replace(",", delimiter).encode(encoding)
    taken = reception.take(sent)
    assert rows_of(taken)[:3] == ["身高,颜色,种类", "0,红,狗", "1,红,猫"]
    assert taken.manifest.label == "种类"


def test_the_comma_of_a_chinese_keyboard(reception, rows_of):
    taken = reception.take(CHINESE.replace(",", "，"))
    assert rows_of(taken)[1] == "0,红,狗"


def test_line_ends_quotes_and_spreadsheet_leftovers(reception, rows_of):
    rows = "".join(f'{n}, "a, ""b""\r\nc" ,{"x" if n % 2 else "y"},,\r\n' for n in range(12))
    taken = reception.take("\r\n\r\nn,text,kind,,\r\n" + rows + ",,,,\r\n\r\n")
    assert taken.manifest.rows == 12
    assert [c.name for c in taken.manifest.columns] == ["n", "text", "kind"]


def test_missing_values_become_empty_cells(reception, rows_of):
    body = "".join(f"{n},{'NA' if n < 2 else n},{'x' if n % 2 else 'y'}\n" for n in range(12))
    taken = reception.take("a,b,kind\n" + body)
    assert taken.manifest.columns[1].missing == 2
    assert taken.manifest.columns[1].type == "number"
    assert rows_of(taken)[1] == "0,,y"


def test_rows_without_a_label_are_left_out_and_told(reception):
    taken = reception.take(table(12) + "1,red,\n2,red,NA\n")
    assert taken.manifest.rows == 12
    assert [str(w) for w in taken.manifest.warnings] == ["Rows without a label were left out: 2."]


def test_a_name_column_and_a_typing_error_are_pointed_out(reception):
    body = "".join(
        f"pupil-{n},{n if n != 7 else 'seven'},{'x' if n % 2 else 'y'}\n" for n in range(30)
    )
    taken = reception.take("name,age,kind\n" + body)
    assert [str(w) for w in taken.manifest.warnings] == [
        "Column “name” is different in every row, so nothing can be learnt from it.",
        "Column “age” counts as text because of values such as “seven” in line 9.",
    ]


def test_the_label_can_be_chosen(reception):
    taken = reception.take(table(), label=" colour ")
    assert taken.manifest.label == "colour"
    assert {c.name: c.count for c in taken.manifest.classes} == {"red": 20, "blue": 10}


def test_ragged_rows_are_named_by_line(reception):
    lines = table(20).splitlines()
    lines[5] += ",more"
    lines[9] = "only,two"
    assert reception.faults("\n".join(lines)) == {
        "file": [
            "Line 6 has 4 values, the first line has 3.",
            "Line 10 has 2 values, the first line has 3.",
        ]
    }


def test_many_ragged_rows_are_counted(reception):
    faults = reception.faults(table(10) + "1\n" * 40)["file"]
    assert len(faults) == 6
    assert faults[0] == "Line 12 has 1 values, the first line has 3."
    assert faults[5] == "More lines with the wrong number of values: 35."


def test_lines_are_counted_as_an_editor_counts_them(reception):
    content = 'text,kind\n"two\nlines",x\n\n"a","b","c"\n' + "a,y\n" * 12
    assert reception.fault(content) == "Line 5 has 3 values, the first line has 2."


REFUSED = {
    "an empty file": (b"", "The file is empty."),
    "blank lines": (b"\n \n\r\n", "The file is empty."),
    "nothing but commas": (b",,,\n" * 20, "The file is empty."),
    "a header only": (b"a,b,kind\n", "There are no rows below the first line."),
    "no header": (
        b"1,2,3\n" * 20,
        "The first line looks like data (1, 2, 3). Put a line with the names of the columns "
        "above it.",
    ),
    "an essay": (
        "我的猫很可爱。\n它喜欢睡觉。\n".encode(),
        "The table has only one column, “我的猫很可爱。”. It needs at least two, with commas "
        "between them: something to learn from, and the label.",
    ),
    "columns of the same name": (
        table(header="a,a,kind").encode(),
        "2 columns have the same name, “a”.",
    ),
    "a column without a name": (
        table(header="a,,kind").encode(),
        "Column 2 has no name in the first line.",
    ),
    "too few rows": (table(5).encode(), "The table has 5 rows; at least 10 are needed."),
    "too many rows": (
        table(1_200).encode(),
        "The table has more than 1000 rows. Take a part of it.",
    ),
    "too many columns": (
        (",".join(f"c{n}" for n in range(30)) + "\n").encode(),
        "The table has 30 columns; at most 20 are allowed.",
    ),
    "a NUL in a cell": (
        table(2_00).encode() + b"1,re\0d,cat\n",
        "Line 202 has characters that are no text. Save the table again as “CSV UTF-8”.",
    ),
    "a huge field": (
        table().encode() + b'1,"' + b"x" * 5_000 + b'",cat\n',
        "Line 32 has a value longer than 2000 characters. Perhaps a quotation mark is missing "
        "there.",
    ),
    "a quotation mark that never ends": (
        table().encode() + b'1,"red,cat\n' + table(900).encode(),
        "Line 32 has a value longer than 2000 characters. Perhaps a quotation mark is missing "
        "there.",
    ),
    "one endless line": (
        b"a,b\n" + b"x" * 3_000_000,
        "Line 2 is longer than 400000 characters. Is this a table?",
    ),
    "noise": (
        bytes(range(256)) * 40,
        "This file is neither a table (CSV) nor a zip file of pictures. If it should be a table, "
        "save it again as “CSV UTF-8”.",
    ),
    "a program": (
        b"\x7fELF\x02\x01\x01" + bytes(9) + bytes(range(200)) * 40,
        "This file is neither a table (CSV) nor a zip file of pictures. If it should be a table, "
        "save it again as “CSV UTF-8”.",
    ),
    "an old workbook": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "This is a spreadsheet file. Open it in your spreadsheet program, choose “Save as”, "
        "“CSV UTF-8”, and upload the CSV file.",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_bad_table_is_refused_in_plain_words(reception, what):
    content, sentence = REFUSED[what]
    assert reception.fault(content) == sentence


BAD_LABELS = {
    "no such column": (
        table(),
        "sort",
        "There is no column “sort”. The columns are: height, colour, kind.",
    ),
    "one class": (
        "a,kind\n" + "1,cat\n" * 20,
        None,
        "The label column “kind” has the same value, “cat”, in every row. At least two classes "
        "are needed.",
    ),
    "an empty column": (
        "a,kind\n" + "1,\n" * 20,
        None,
        "The label column “kind” is empty in every row.",
    ),
    "a measurement": (
        "a,size\n" + "".join(f"1,{n}\n" for n in range(200)),
        None,
        "The column “size” has more than 100 different values, so it cannot be the label. Choose "
        "the column that names the class.",
    ),
    "sentences": (
        "a,story\n" + "1," + "long " * 20 + "\n",
        None,
        "The label in line 2 is longer than 60 characters. Is “story” the column to be guessed?",
    ),
}


@pytest.mark.parametrize("what", BAD_LABELS)
def test_a_label_that_is_none_is_said_beside_its_field(reception, what):
    content, label, sentence = BAD_LABELS[what]
    assert reception.faults(content, label) == {"label": [sentence]}


def test_numbers_that_only_look_like_numbers(reception):
    odd = ["inf", "1e999", "0x10", "１２", "1_000", "nan%"]
    body = "".join(f"{odd[n % len(odd)]},{'x' if n % 2 else 'y'}\n" for n in range(24))
    taken = reception.take("a,kind\n" + body)
    assert taken.manifest.columns[0].type == "text"

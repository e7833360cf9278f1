from __future__ import annotations

import io
import json
from zipfile import ZIP_STORED, ZipFile

import pytest
from PIL import Image

from portal.datasets.manifest import ClassCount, PicturesManifest
from portal.datasets.preview import PicturesPreview
from tests.datasets.corpus import album, member, packed, picture, with_name_bytes


@pytest.fixture
def kept(contents):
    """The pictures that were kept, by name."""

    def read(taken):
        with ZipFile(contents.folder(taken.sha256) / "pictures.zip") as archive:
            assert {info.compress_type for info in archive.infolist()} == {ZIP_STORED}
            return {name: Image.open(io.BytesIO(archive.read(name))) for name in archive.namelist()}

    return read


def test_an_album_is_kept_and_described(reception, contents, kept):
    taken = reception.take(packed(album()))
    manifest = taken.manifest
    assert isinstance(manifest, PicturesManifest)
    assert manifest.classes == (ClassCount("cat", 6), ClassCount("dog", 6))
    assert (manifest.count, manifest.width, manifest.height) == (12, 40, 30)
    assert (manifest.same_size, manifest.mode, manifest.warnings) == (True, "RGB", ())
    assert list(kept(taken)) == [f"{c}/{n:06}.png" for c in ("cat", "dog") for n in range(1, 7)]
    preview = contents.preview(taken.sha256)
    assert isinstance(preview, PicturesPreview)
    with Image.open(contents.contact_sheet(taken.sha256)) as sheet:
        assert sheet.format == "WEBP"
        assert sheet.size == (preview.cell * preview.columns, preview.cell * 2)
    assert preview.rows == ("cat", "dog")


@pytest.mark.parametrize(
    ("form", "mode", "suffix"),
    [
        ("PNG", "RGB", "png"),
        ("PNG", "RGBA", "png"),
        ("PNG", "P", "png"),
        ("PNG", "LA", "png"),
        ("PNG", "1", "png"),
        ("BMP", "RGB", "png"),
        ("GIF", "P", "png"),
        ("JPEG", "RGB", "jpg"),
        ("JPEG", "L", "jpg"),
        ("JPEG", "CMYK", "jpg"),
        ("WEBP", "RGB", "jpg"),
        ("WEBP", "RGBA", "jpg"),
    ],
)
def test_every_format_becomes_a_plain_picture(reception, kept, form, mode, suffix):
    members = {
        f"{name}/{n}": picture(n + 50 * place, mode=mode, form=form)
        for place, name in enumerate(("cat", "dog"))
        for n in range(8)
    }
    if mode == "1":
        members = {name: picture(n, size=(40, 30 + n), mode="1") for n, name in enumerate(members)}
    pictures = kept(reception.take(packed(members)))
    assert {name.rpartition(".")[2] for name in pictures} == {suffix}
    grey = mode in ("L", "LA", "1")
    assert {image.mode for image in pictures.values()} == {"L" if grey else "RGB"}


def test_sixteen_bit_grey_is_scaled_and_not_cut(reception, kept):
    members = {}
    for place, name in enumerate(("dark", "light")):
        for n in range(5):
            image = Image.new("I;16", (20, 20 + n), 20_000 + 30_000 * place)
            buffer = io.BytesIO()
            image.save(buffer, "PNG")
            members[f"{name}/{n}.png"] = buffer.getvalue()
    pictures = kept(reception.take(packed(members)))
    assert pictures["dark/000001.png"].getpixel((5, 5)) == pytest.approx(20_000 // 256, abs=1)
    assert pictures["light/000001.png"].getpixel((5, 5)) == pytest.approx(50_000 // 256, abs=1)


def test_transparent_is_white(reception, kept):
    members = album()
    image = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    pictures = kept(reception.take(packed({"cat/00.png": buffer.getvalue()} | members)))
    assert pictures["cat/000001.png"].getpixel((3, 3)) == (255, 255, 255)


def test_large_pictures_are_made_smaller_and_keep_their_shape(reception, kept):
    taken = reception.take(packed(album() | {"cat/big.jpg": picture(3, (2000, 1000), form="JPEG")}))
    assert (taken.manifest.width, taken.manifest.height) == (256, 128)
    assert not taken.manifest.same_size
    assert kept(taken)["cat/000007.jpg"].size == (256, 128)


def test_the_camera_s_turn_is_applied_and_its_secrets_are_gone(reception, contents, kept):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "CANARY-DESCRIPTION"
    exif.get_ifd(0x8825)[1] = "CANARY-GPS"
    image = Image.new("RGB", (60, 20), "red")
    image.paste("blue", (0, 0, 30, 20))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif, comment=b"CANARY-COMMENT", icc_profile=b"CANARY-ICC" * 20)
    sent = packed(album() | {"cat/phone.jpg": buffer.getvalue() + b"CANARY-TRAILER"})
    assert sent.count(b"CANARY") > 4
    taken = reception.take(sent)
    turned = kept(taken)["cat/000007.jpg"]
    assert turned.size == (20, 60)
    assert turned.getpixel((10, 5))[2] > 200
    assert turned.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for file in contents.folder(taken.sha256).iterdir():
        assert b"CANARY" not in file.read_bytes()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_no_format_carries_the_place_where_it_was_taken(reception, contents, kept, form):
    """HEIC is not taken at all, and neither is sound: there is nothing else to strip."""
    exif = Image.Exif()
    exif[0x010F] = "CANARY-PHONE"
    exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 14.0, 9.0), 29: "CANARY-DAY"})
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(buffer, form, exif=exif, xmp=b"<CANARY-XMP/>")
    with Image.open(io.BytesIO(buffer.getvalue())) as sent:
        assert sent.getexif().get_ifd(0x8825)[29] == "CANARY-DAY"
    taken = reception.take(packed(album() | {f"cat/phone.{form.lower()}": buffer.getvalue()}))
    for picture_kept in kept(taken).values():
        assert not picture_kept.getexif()
        assert picture_kept.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for file in contents.folder(taken.sha256).iterdir():
        assert b"CANARY" not in file.read_bytes()


def test_a_moving_picture_gives_its_first_frame(reception, kept):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    pictures = kept(reception.take(packed({"cat/00.gif": buffer.getvalue()} | album())))
    red, green, blue = pictures["cat/000001.png"].getpixel((3, 3))
    assert (red > 200, green < 50, blue < 50) == (True, True, True)


@pytest.mark.parametrize("below", ["", "animals/", "homework/animals/", "./"])
def test_a_folder_around_the_classes_is_looked_into(reception, below):
    junk = {f"{below}cat/Thumbs.db": b"x", "__MACOSX/cat/._1.png": b"x", ".DS_Store": b"x"}
    taken = reception.take(packed(album(below=below) | junk))
    assert [c.name for c in taken.manifest.classes] == ["cat", "dog"]
    assert taken.manifest.warnings == ()


def test_the_layout_of_mmedu_is_one_set(reception):
    members = {"set/classes.txt": b"cat\ndog\n"}
    for place, split in enumerate(("training_set", "val_set", "test_set")):
        for name in ("cat", "dog"):
            for n in range(4):
                number = place * 10 + n + (100 if name == "dog" else 0)
                members[f"set/{split}/{name}/{n}.png"] = picture(number)
    taken = reception.take(packed(members))
    assert taken.manifest.classes == (ClassCount("cat", 12), ClassCount("dog", 12))
    assert taken.manifest.warnings == ()


def test_folders_inside_a_class_belong_to_it(reception):
    members = {name.replace("/", "/more/and more/"): c for name, c in album().items()}
    taken = reception.take(packed(members))
    assert [c.name for c in taken.manifest.classes] == ["cat", "dog"]


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_chinese_names_without_a_mark_are_understood(reception, kept, encoding):
    cat, dog = "小猫".encode(encoding), "小狗".encode(encoding)
    plain = packed(album(("A" * len(cat), "B" * len(dog))))
    sent = with_name_bytes(with_name_bytes(plain, "A" * len(cat), cat), "B" * len(dog), dog)
    taken = reception.take(sent)
    assert {c.name for c in taken.manifest.classes} == {"小猫", "小狗"}
    assert "小猫/000001.png" in kept(taken)


def test_the_wrong_slash_of_windows(reception):
    taken = reception.take(packed({k.replace("/", "\\"): v for k, v in album().items()}))
    assert [c.name for c in taken.manifest.classes] == ["cat", "dog"]


def test_folders_that_are_the_same_to_windows_are_one_class(reception):
    members = album(("Cat", "cat", "dog"), each=4)
    taken = reception.take(packed(members | {"dog/9.png": picture(900)}))
    assert taken.manifest.classes == (ClassCount("Cat", 8), ClassCount("dog", 5))
    assert [str(w) for w in taken.manifest.warnings] == [
        "The folders “Cat” and “cat” were taken as one class."
    ]


def test_strange_folder_names_become_harmless_labels(reception, kept):
    strange = ("a\x1b[31m\u202eb", 'cc:*?"<>|d', "e" * 200, "\x01", "<script>alert(1)</script>")
    members = {}
    for place, name in enumerate(strange):
        for n in range(5):
            members[f"{name}/{n}.png"] = picture(place * 20 + n)
    taken = reception.take(packed(members))
    names = {c.name for c in taken.manifest.classes}
    assert names == {"a[31mb", "cc-------d", "e" * 60, "-", "-script-alert(1)-"}
    assert {name.split("/")[0] for name in kept(taken)} == names


def test_what_is_no_picture_is_left_out_and_told(reception):
    half = picture(77, (300, 300), form="JPEG")
    members = album() | {
        "cat/notes.docx": b"hello",
        "cat/run.png": b"MZ\x90\x00" + bytes(300),
        "dog/virus.png": b"\x7fELF" + bytes(300),
        "dog/page.svg": b"<svg onload='alert(1)'/>",
        "cat/cut.jpg": half[: len(half) // 2],
        "dog/phone.heic": b"\0\0\0\x18ftypheic" + bytes(50),
        "dog/more.zip": packed({"a": b"b"}),
        "cover.png": picture(500),
    }
    taken = reception.take(packed(members))
    assert taken.manifest.count == 12
    assert sorted(str(w) for w in taken.manifest.warnings) == [
        "Archives inside the zip file, which were not opened: 1 (dog/more.zip). Unpack them first.",
        "Left out, for they are damaged: 1 (cat/cut.jpg).",
        "Left out, for they are in Apple's HEIC format: 1 (dog/phone.heic). Save them as JPEG.",
        "Left out, for they are no pictures (PNG, JPEG, WebP, BMP or GIF): "
        "4 (cat/notes.docx, cat/run.png, dog/virus.png, …).",
        "Left out, for they lie in no class folder: 1 (cover.png).",
    ]


def test_the_same_picture_counts_once_in_a_class(reception):
    members = album() | {"cat/copy.png": picture(0)}
    taken = reception.take(packed(members))
    assert taken.manifest.count == 12
    assert [str(w) for w in taken.manifest.warnings] == [
        "Taken once, for they were in the same class twice: 1 (cat/copy.png)."
    ]


def test_two_members_of_one_name_are_two_pictures(reception):
    extra = [(member("cat/0.png"), picture(800)), (member("cat/0.png"), picture(801))]
    with pytest.warns(UserWarning, match="Duplicate name"):
        sent = packed(album(), extra)
    assert reception.take(sent).manifest.classes[0] == ClassCount("cat", 8)


def test_class_names_in_two_languages_travel_in_the_manifest(contents, house):
    from portal.datasets.reception import take_in
    from portal.language import Text

    names = {"cat": Text(zh="猫", en="cat")}
    taken = take_in(house, io.BytesIO(packed(album())), class_names=names)
    written = json.loads((contents.folder(taken.sha256) / "manifest.json").read_text())
    assert written["class_names"] == {"cat": {"zh": "猫", "en": "cat"}}
    assert taken.manifest.class_names == names


TOO_LITTLE = {
    "nothing": (
        {},
        "There are no pictures in folders in this zip file. Put the pictures into one folder for "
        "each class, and pack these folders.",
    ),
    "one class": (
        album(("cat",)),
        "There are pictures of one class only, “cat”. Put the pictures of each class into a "
        "folder of its own.",
    ),
    "few pictures": (
        album(each=3),
        "Some classes have too few pictures: cat (3), dog (3). At least 5 are needed.",
    ),
    "too many pictures": (
        {f"{c}/{n}.png": b"" for c in ("cat", "dog") for n in range(200)},
        "There are 400 files in the class folders; at most 300 are allowed.",
    ),
    "too many classes": (
        {f"class-{n}/1.png": b"" for n in range(150)},
        "There are 150 class folders; at most 100 are allowed.",
    ),
    "a workbook": (
        {"[Content_Types].xml": b"", "xl/workbook.xml": b""},
        "This is a spreadsheet file. Open it in your spreadsheet program, choose “Save as”, "
        "“CSV UTF-8”, and upload the CSV file.",
    ),
}


@pytest.mark.parametrize("what", TOO_LITTLE)
def test_an_album_with_too_little_is_refused_in_plain_words(reception, what):
    members, sentence = TOO_LITTLE[what]
    assert reception.fault(packed(members)) == sentence


def test_a_refusal_tells_what_was_left_out(reception):
    members = {f"{c}/{n}.png": b"\x7fELF" for c in ("cat", "dog") for n in range(5)}
    faults = reception.faults(packed(members))["file"]
    assert len(faults) == 2
    assert faults[1].startswith("Left out, for they are no pictures")


def test_a_single_picture_and_another_archive(reception):
    assert reception.fault(picture()).startswith("This is a single picture.")
    assert reception.fault(b"Rar!\x1a\x07\x01\x00" + bytes(99)).startswith("Of archives only .zip")

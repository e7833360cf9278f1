from __future__ import annotations

import gzip
import struct
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image

from portal import config
from portal.datasets import packaged_pictures, shelf
from portal.datasets.packaged import PACKAGED, import_packaged
from portal.errors import NotFound, Unavailable
from portal.store import EVERYONE, Tenant
from tests.datasets.corpus import picture


@pytest.fixture
def packages(house, tmp_path, monkeypatch) -> Path:
    """The packages' files as they lie in a system, in their own formats, with little in them."""
    site = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    (site / "palmerpenguins" / "data").mkdir(parents=True)
    rows = "".join(
        f"{'Adelie' if n % 2 else 'Gentoo'},Torgersen,{'NA' if n == 3 else 39.1 + n},male,2007\n"
        for n in range(20)
    )
    header = "species,island,bill_length_mm,sex,year\n"
    (site / "palmerpenguins" / "data" / "penguins.csv").write_text(header + rows)
    (site / "sklearn" / "datasets" / "data").mkdir(parents=True)
    flowers = "".join(f"5.{n},3.5,1.4,0.2,{n % 3}\n" for n in range(15))
    (site / "sklearn" / "datasets" / "data" / "iris.csv").write_text(
        "15,4,setosa,versicolor,virginica\n" + flowers
    )
    house.environments["xedu"] = config.Environment(kind="venv", path=str(tmp_path / "venv"))

    fashion = tmp_path / "fashion-mnist"
    fashion.mkdir()
    count = 80
    pixels = b"".join(bytes((n * 3 + i) % 256 for i in range(784)) for n in range(count))
    with gzip.open(fashion / "train-images-idx3-ubyte.gz", "wb") as file:
        file.write(struct.pack(">4I", 0x803, count, 28, 28) + pixels)
    with gzip.open(fashion / "train-labels-idx1-ubyte.gz", "wb") as file:
        file.write(struct.pack(">2I", 0x801, count) + bytes(n % 10 for n in range(count)))
    monkeypatch.setattr(packaged_pictures, "FASHION_MNIST", fashion)

    stamps = tmp_path / "stamps"
    number = 0
    for folders in packaged_pictures.STAMP_FOLDERS.values():
        for folder in folders:
            for name in [f"{n}.png" for n in range(6)] + ["cartoon/drawn.png"]:
                number += 1
                path = stamps / folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(picture(number, mode="RGBA"))
    monkeypatch.setattr(packaged_pictures, "STAMPS", stamps)
    return tmp_path


@pytest.mark.parametrize(
    ("which", "classes", "count"),
    [
        ("penguins", ["Adelie", "Gentoo"], 20),
        ("iris", ["setosa", "versicolor", "virginica"], 15),
        ("fashion-mnist-1000", sorted(packaged_pictures.CLOTHES), 80),
        ("stamp-photos", ["bird", "clothes", "fruit and vegetable", "mammal", "plant"], 36),
    ],
)
def test_a_package_becomes_a_data_set_of_the_centre(
    house, store, contents, packages, which, classes, count
):
    with store.begin(EVERYONE) as session:
        made = import_packaged(session, house, which)
    with store.begin(EVERYONE) as session:
        assert import_packaged(session, house, which).id == made.id
    manifest = contents.manifest(made.sha256)
    assert [c.name for c in manifest.classes] == classes
    assert sum(c.count for c in manifest.classes) == count
    assert manifest.warnings == ()
    assert (made.slug, made.school_id, made.owner_id) == (which, None, None)
    assert made.licence
    assert made.source
    with store.reading(Tenant("any school")) as session:
        assert [d.slug for d in shelf.find(session, _Anyone())] == [which]


class _Anyone:
    user_id, school_id, role = "u", "any school", "teacher"


def test_every_class_has_a_name_in_both_languages(house, store, contents, packages):
    with store.begin(EVERYONE) as session:
        for which, packaged in PACKAGED.items():
            made = import_packaged(session, house, which)
            names = contents.manifest(made.sha256).class_names
            assert names == packaged.class_names
            assert {c.name for c in contents.manifest(made.sha256).classes} <= set(names)


def test_labels_and_pictures_stay_together(house, store, contents, packages):
    with store.begin(EVERYONE) as session:
        made = import_packaged(session, house, "fashion-mnist-1000")
    with (
        ZipFile(contents.folder(made.sha256) / "pictures.zip") as archive,
        archive.open("Trouser/000002.png") as file,
        Image.open(file) as image,
    ):
        # The twelfth picture is the second of label 1.
        assert image.tobytes() == bytes((11 * 3 + i) % 256 for i in range(784))


@pytest.mark.parametrize("which", list(PACKAGED))
def test_a_package_that_is_missing_is_named(house, store, monkeypatch, tmp_path, which):
    monkeypatch.setattr(packaged_pictures, "FASHION_MNIST", tmp_path / "none")
    monkeypatch.setattr(packaged_pictures, "STAMPS", tmp_path / "none")
    with store.begin(EVERYONE) as session, pytest.raises(Unavailable) as refused:
        import_packaged(session, house, which)
    package = PACKAGED[which].debian or PACKAGED[which].pypi
    assert package
    assert package in str(refused.value)


def test_an_unknown_name_lists_the_known(house, store):
    with store.begin(EVERYONE) as session, pytest.raises(NotFound) as refused:
        import_packaged(session, house, "mnist")
    assert all(name in str(refused.value) for name in PACKAGED)

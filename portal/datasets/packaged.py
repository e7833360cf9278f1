"""Real data that come in packages, imported for every school by a command.

Each is turned into the CSV or zip file that a teacher could have uploaded, and then goes the same
way through the same checks. The packages stay where the system keeps them: pictures in Debian's
folders, tables in the site-packages of the environments that train with them, so the portal needs
neither scikit-learn nor pandas.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from sqlalchemy.orm import Session

from portal.config import Settings
from portal.datasets.packaged_pictures import fashion_mnist, stamp_photos
from portal.datasets.packaged_tables import iris, penguins
from portal.datasets.reception import take_in
from portal.datasets.shelf import Entry, put
from portal.datasets.sniff import Kind
from portal.errors import NotFound, Unavailable
from portal.language import N_, Message, Text
from portal.store.tables import DataSet


@dataclass(frozen=True, kw_only=True)
class Packaged:
    """A data set in a package; `make` gives the bytes of an upload, or None without the package."""

    slug: str
    name: Text
    kind: Kind
    licence: str
    source: str
    debian: str | None = None
    pypi: str | None = None
    make: Callable[[Settings], bytes | None]
    label: str | None = None
    class_names: Mapping[str, Text] = field(default_factory=dict)


def import_packaged(session: Session, settings: Settings, which: str) -> DataSet:
    """Import one for the centre; twice is harmless. Call it before other statements of a session.

    Raises `NotFound` for an unknown name, `Unavailable` where its package is not installed.
    """
    packaged = PACKAGED.get(which)
    if packaged is None:
        raise NotFound(
            N_(
                "There is no packaged data set “{name}”. There are: {names}.",
                name=which,
                names=", ".join(PACKAGED),
            )
        )
    content = packaged.make(settings)
    if content is None:
        raise Unavailable(_not_installed(packaged))
    taken = take_in(
        settings, io.BytesIO(content), label=packaged.label, class_names=packaged.class_names
    )
    entry = Entry(
        owner_id=None,
        school_id=None,
        name=packaged.name,
        licence=packaged.licence,
        source=packaged.source,
        slug=packaged.slug,
    )
    return put(session, entry, taken.sha256, taken.size, taken.manifest)


def _not_installed(packaged: Packaged) -> Message:
    if packaged.debian is not None:
        return N_(
            "The Debian package {package} is needed for this data set: apt install {package}",
            package=packaged.debian,
        )
    return N_(
        "No environment in the settings has the Python package {package}, which this data set "
        "comes with.",
        package=packaged.pypi,
    )


def _named(**both: str) -> Mapping[str, Text]:
    """Class names as `english="中文"`; an underscore stands for the space."""
    return {
        name.replace("_", " "): Text(zh=zh, en=name.replace("_", " ")) for name, zh in both.items()
    }


CLOTHES = {
    **_named(Trouser="裤子", Pullover="套头衫", Dress="连衣裙", Coat="外套", Sandal="凉鞋"),
    **_named(Shirt="衬衫", Sneaker="运动鞋", Bag="包", Ankle_boot="短靴"),
    "T-shirt": Text(zh="T恤", en="T-shirt"),
}
FASHION_SOURCE = "Debian: dataset-fashion-mnist; https://github.com/zalandoresearch/fashion-mnist"

_ALL = (
    Packaged(
        slug="penguins",
        name=Text(zh="帕尔默群岛的企鹅", en="Palmer penguins"),
        kind="table",
        licence="MIT (CC0 data)",
        source="PyPI: palmerpenguins; https://allisonhorst.github.io/palmerpenguins/",
        pypi="palmerpenguins",
        make=penguins,
        label="species",
        class_names=_named(Adelie="阿德利企鹅", Chinstrap="帽带企鹅", Gentoo="巴布亚企鹅"),
    ),
    Packaged(
        slug="iris",
        name=Text(zh="鸢尾花", en="Iris flowers"),
        kind="table",
        licence="BSD-3-Clause",
        source="PyPI: scikit-learn; R. A. Fisher 1936, https://doi.org/10.24432/C56C76",
        pypi="scikit-learn",
        make=iris,
        class_names=_named(setosa="山鸢尾", versicolor="变色鸢尾", virginica="维吉尼亚鸢尾"),
    ),
    Packaged(
        slug="fashion-mnist-1000",
        name=Text(zh="服装图片 1000 张", en="Clothes, 1,000 pictures (Fashion-MNIST)"),
        kind="pictures",
        licence="MIT",
        source=FASHION_SOURCE,
        debian="dataset-fashion-mnist",
        make=partial(fashion_mnist, per_class=100),
        class_names=CLOTHES,
    ),
    Packaged(
        slug="fashion-mnist-5000",
        name=Text(zh="服装图片 5000 张", en="Clothes, 5,000 pictures (Fashion-MNIST)"),
        kind="pictures",
        licence="MIT",
        source=FASHION_SOURCE,
        debian="dataset-fashion-mnist",
        make=partial(fashion_mnist, per_class=500),
        class_names=CLOTHES,
    ),
    Packaged(
        slug="stamp-photos",
        name=Text(zh="动物、果蔬、植物和衣物的照片", en="Photos of animals, food, plants, clothes"),
        kind="pictures",
        licence="GPL-2",
        source="Debian: tuxpaint-stamps-default; https://tuxpaint.org/stamps/",
        debian="tuxpaint-stamps-default",
        make=stamp_photos,
        class_names=_named(
            bird="鸟",
            mammal="哺乳动物",
            fruit_and_vegetable="水果和蔬菜",
            plant="植物",
            clothes="衣物",
        ),
    ),
)

PACKAGED: Mapping[str, Packaged] = MappingProxyType({packaged.slug: packaged for packaged in _ALL})

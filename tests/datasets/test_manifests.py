from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.datasets import manifest as manifests
from portal.datasets import preview as previews
from portal.datasets import sentences
from portal.datasets.manifest import ClassCount, Column, PicturesManifest, TableManifest
from portal.language import N_, Message, Text

TABLE = TableManifest(
    rows=3,
    columns=(Column("a", "number", 1), Column("kind", "text", 0, ("cat", "狗"))),
    label="kind",
    classes=(ClassCount("cat", 2), ClassCount("狗", 1)),
    bytes=99,
    warnings=(N_("Line {line} {what}.", line=3, what=Message("is {x}", {"x": 1.5})),),
    class_names={"cat": Text(zh="猫", en="cat")},
)
PICTURES = PicturesManifest(
    count=3,
    classes=(ClassCount("cat", 2), ClassCount("狗", 1)),
    width=28,
    height=30,
    same_size=True,
    mode="L",
    bytes=99,
)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@pytest.mark.parametrize("manifest", [TABLE, PICTURES])
def test_a_manifest_comes_back_from_its_file(manifest):
    assert manifests.parse(json.loads(json.dumps(manifest.plain()))) == manifest


@pytest.mark.parametrize("manifest", [TABLE, PICTURES])
@given(data=st.data(), value=ANYTHING)
def test_a_manifest_with_anything_in_it_is_read_or_refused(manifest, data, value):
    plain = manifest.plain()
    plain[data.draw(st.sampled_from(sorted(plain)))] = value
    try:
        found = manifests.parse(plain)
    except ValueError:
        return
    assert manifests.parse(found.plain()) == found


@given(value=ANYTHING)
def test_previews_and_sentences_of_anything(value):
    for parse in (previews.parse, sentences.message, sentences.messages, manifests.parse):
        try:
            parse(value)
        except ValueError:
            continue


def test_names_in_sentences_are_visible_and_short():
    assert sentences.word("a\x1b[31m\u202e" + "b" * 99) == "a�[31m�" + "b" * 52 + "…"
    assert sentences.words(["a", "b", "c", "d"]) == "a, b, c, …"

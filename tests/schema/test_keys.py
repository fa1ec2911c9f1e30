"""Keys: equal for equal input, different for what differs, whatever the texts hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cathograph.schema.keys import (
    canonical_json,
    hash_parts,
    hash_pixels,
    image_key,
    particle_key,
    volume_key,
)

NAMES = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def test_texts_that_join_alike_stay_apart():
    # With any separator, ("a/b", "c") and ("a", "b/c") would be one text.
    assert image_key("a/b", "c") != image_key("a", "b/c")
    assert image_key('a","image":"b', "c") != image_key("a", 'b","image":"c')
    assert image_key("s", "v") != volume_key("s", "v")


@given(NAMES, NAMES, NAMES, NAMES)
def test_image_keys_differ_where_the_names_do(sample, image, other_sample, other_image):
    same = (sample, image) == (other_sample, other_image)
    assert (image_key(sample, image) == image_key(other_sample, other_image)) is same


def test_order_of_the_parts_does_not_matter():
    assert hash_parts({"a": 1, "b": {"c": 2.5, "d": None}}) == hash_parts(
        {"b": {"d": None, "c": 2.5}, "a": 1}
    )
    assert hash_parts({"a": 1}) != hash_parts({"a": "1"})
    assert hash_parts({"a": 0.05}) != hash_parts({"a": 0.0500001})


def test_nan_has_no_canonical_form():
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": float("nan")})


def test_pixels_hash_by_content():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert hash_pixels(image) == hash_pixels(np.asfortranarray(image)) == hash_pixels(image[::-1][::-1])
    assert hash_pixels(image) != hash_pixels(image.astype(np.uint16))
    assert hash_pixels(image) != hash_pixels(image.reshape(4, 3))
    assert hash_pixels(image.astype(">u2")) == hash_pixels(image.astype("<u2"))
    changed = image.copy()
    changed[2, 3] += 1
    assert hash_pixels(image) != hash_pixels(changed)


def test_keys_within_a_segmentation():
    assert particle_key("k", 12) == "k:12"

"""Pairs from a folder, and how they are dealt out."""

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from small_networks import two_phase_pair

from cathograph.ingest.phase_maps import read_phase_map
from cathograph.ingest.segmentation.unet.pairs import read_pairs
from cathograph.ingest.segmentation.unet.split import Shares, split_pairs
from cathograph.schema.errors import InputError, InputImageError, ModelError, PhaseMapError
from cathograph.schema.phases import GRAPHITE, NMC, SSE

PHASES = read_phase_map("0=NMC,1=Graphite,2=SSE")
GREY = np.arange(48, dtype=np.float32).reshape(6, 8)
MASK = (np.arange(48).reshape(6, 8) % 3).astype(np.uint8)


def _write(folder, name="a", grey=GREY, mask=MASK, ending="_label"):
    tifffile.imwrite(folder / f"{name}.tif", grey, photometric="minisblack")
    tifffile.imwrite(folder / f"{name}{ending}.tif", mask, photometric="minisblack")


@pytest.mark.parametrize("ending", ["_label", "_mask"])
def test_pairs_side_by_side(tmp_path, ending):
    _write(tmp_path, ending=ending)
    tifffile.imwrite(tmp_path / "alone.tif", GREY)
    (tmp_path / "README.md").write_text("about")
    (pair,) = read_pairs(tmp_path, PHASES)
    assert (pair.name, pair.group) == ("a", "a")
    np.testing.assert_array_equal(pair.grey, GREY)
    assert pair.phases[0, :3].tolist() == [NMC.code, GRAPHITE.code, SSE.code]


def test_pairs_in_two_folders_and_stacks_whose_pages_stay_together(tmp_path):
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    tifffile.imwrite(
        tmp_path / "images/v.tif", np.stack([GREY, GREY + 1, GREY + 2]), photometric="minisblack"
    )
    tifffile.imwrite(tmp_path / "masks/v.tif", np.stack([MASK] * 3), photometric="minisblack")
    pairs = read_pairs(tmp_path, PHASES)
    assert [(pair.name, pair.group) for pair in pairs] == [("v#0", "v"), ("v#1", "v"), ("v#2", "v")]


def test_groups_from_a_table(tmp_path):
    _write(tmp_path, "a")
    _write(tmp_path, "b")
    table = tmp_path / "groups.csv"
    table.write_text("image,group\na,V1\nb,V1\n")
    assert {pair.group for pair in read_pairs(tmp_path, PHASES, groups=table)} == {"V1"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("image,group\na,V1\n", "no group for b"),
        ("name,group\na,V1\n", "header"),
        ("image,group\na,V1\na,V2\nb,V1\n", "line 3"),
        ("image,group\na\nb,V1\n", "line 2"),
        ("", "header"),
    ],
)
def test_tables_that_do_not_say_the_group_of_each_image(tmp_path, text, found):
    _write(tmp_path, "a")
    _write(tmp_path, "b")
    (tmp_path / "groups.csv").write_text(text)
    with pytest.raises(InputError, match=found):
        read_pairs(tmp_path, PHASES, groups=tmp_path / "groups.csv")


def test_a_mask_of_another_size(tmp_path):
    _write(tmp_path, mask=MASK[:5])
    with pytest.raises(
        InputImageError, match=r"a_label.tif: found a mask of 5 × 8 pixels for an image of 6 × 8"
    ):
        read_pairs(tmp_path, PHASES)


def test_a_mask_value_that_the_phase_map_does_not_name(tmp_path):
    _write(tmp_path, mask=np.where(MASK == 2, 9, MASK).astype(np.uint8))
    with pytest.raises(PhaseMapError, match=r"a_label.tif.*9 \(16 pixels\)"):
        read_pairs(tmp_path, PHASES)


def test_nan_in_an_image(tmp_path):
    _write(tmp_path, grey=np.where(GREY == 9, np.nan, GREY).astype(np.float32))
    with pytest.raises(InputImageError, match=r"a.tif.*\(1, 1\)"):
        read_pairs(tmp_path, PHASES)


def test_a_coloured_image_is_refused_and_one_with_alpha_read_as_grey(tmp_path):
    grey = (GREY * 5).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a_label.tif", MASK)
    opaque = np.full_like(grey, 255)
    Image.fromarray(np.dstack([grey, grey, grey, opaque])).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_pairs(tmp_path, PHASES)[0].grey, grey)
    Image.fromarray(np.dstack([grey, grey // 2, grey])).save(tmp_path / "a.png")
    with pytest.raises(InputImageError, match="colour"):
        read_pairs(tmp_path, PHASES)


def test_folders_without_pairs_and_names_that_come_twice(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="no pairs"):
            read_pairs(folder, PHASES)
    _write(tmp_path)
    Image.fromarray(MASK).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"both a.png and a.tif"):
        read_pairs(tmp_path, PHASES)


PAIRS = [two_phase_pair(str(number), side=4) for number in range(20)]


@given(
    n_groups=st.integers(3, 20),
    seed=st.integers(0, 1000),
    shares=st.sampled_from([(0.15, 0.15), (0.0, 0.3), (0.3, 0.0)]),
)
def test_no_group_is_on_two_sides_and_each_image_on_one(n_groups, seed, shares):
    pairs = [
        two_phase_pair(pair.name, group=f"g{number % n_groups}", side=2) for number, pair in enumerate(PAIRS)
    ]
    split = split_pairs(pairs, Shares(*shares), seed=seed)
    assert sorted(split.train + split.validation + split.test) == sorted(pair.name for pair in pairs)
    group_of = {pair.name: pair.group for pair in pairs}
    sides = [{group_of[name] for name in side} for side in (split.train, split.validation, split.test)]
    assert not sides[0] & sides[1] | sides[0] & sides[2] | sides[1] & sides[2]
    assert bool(split.validation) == (shares[0] > 0)
    assert bool(split.test) == (shares[1] > 0)
    assert split == split_pairs(pairs, Shares(*shares), seed=seed)


def test_held_out_by_name():
    pairs = [
        two_phase_pair(name, group=group, side=4) for name, group in [("1", "A"), ("2", "A"), ("3", "B")]
    ]
    assert split_pairs(pairs, Shares(0, 0.15), seed=0, held_out=["A"]).test == ("1", "2")
    assert split_pairs(pairs, Shares(0, 0.15), seed=0, held_out=["2", "1"]).train == ("3",)
    with pytest.raises(ModelError, match="whose group A also trains"):
        split_pairs(pairs, Shares(0, 0.15), seed=0, held_out=["2"])
    with pytest.raises(ModelError, match="held-out 9"):
        split_pairs(pairs, Shares(0, 0.15), seed=0, held_out=["9"])
    with pytest.raises(ModelError, match="none is left to train on"):
        split_pairs(pairs, Shares(0, 0.15), seed=0, held_out=["A", "B"])


def test_shares_that_leave_nothing():
    with pytest.raises(ModelError, match="together below 1"):
        Shares(0.5, 0.5)
    with pytest.raises(ModelError, match="none is left to train on"):
        split_pairs(PAIRS[:2], Shares(), seed=0)

"""Splits: 60/20/20, never one thing on two sides, each image tested once over the rotations."""

import pytest
from gnn_graphs import make_graph, make_set
from hypothesis import given, settings
from hypothesis import strategies as st

from cathograph.gnn.graph_layout import name_of
from cathograph.gnn.training.splits import Split, check_split, n_folds, split_graphs
from cathograph.schema.errors import ModelError

PARTS = ("train", "validation", "test")


def small(seed=0, **place):
    return make_graph(seed, n_nmc=1, n_sse=1, n_graphite=0, **place)


TWENTY = [small(k) for k in range(20)]


def test_sixty_twenty_twenty():
    split = split_graphs(TWENTY, seed=3)
    assert [len(getattr(split, part)) for part in PARTS] == [12, 4, 4]
    assert sorted(split.train + split.validation + split.test) == sorted(map(name_of, TWENTY))


@pytest.mark.parametrize("n", [3, 4, 5, 12])
def test_rotations_test_each_image_once(n):
    graphs = TWENTY[:n]
    folds = [split_graphs(graphs, seed=1, fold=k) for k in range(n_folds(graphs))]
    assert sorted(name for fold in folds for name in fold.test) == sorted(map(name_of, graphs))


def test_the_seed_decides():
    assert split_graphs(TWENTY, seed=1) == split_graphs(TWENTY[::-1], seed=1)  # whatever their order
    assert split_graphs(TWENTY, seed=1) != split_graphs(TWENTY, seed=2)


@settings(max_examples=settings.default.max_examples // 2)
@given(
    places=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from(["", "v", "w"])), min_size=6, max_size=12
    ),
    by=st.sampled_from(["image", "sample"]),
    seed=st.integers(0, 5),
)
def test_no_volume_and_no_sample_stands_on_two_sides(places, by, seed):
    graphs = [small(k, sample=sample, volume=volume) for k, (sample, volume) in enumerate(places)]
    try:
        split = split_graphs(graphs, by=by, seed=seed)
    except ModelError as error:
        assert "expected at least 3" in str(error)  # noqa: PT017  a draw with too few groups
        return
    groups = {}
    for graph in graphs:
        sample = (graph.sample,)
        group = sample if by == "sample" else (*sample, graph.volume or graph.image)
        groups.setdefault(group, set()).add(split.part_of(name_of(graph)))
    assert all(len(parts) == 1 for parts in groups.values())


def test_by_beamtime():
    graphs = [small(k, beamtime=f"b{k % 4}") for k in range(12)]
    split = split_graphs(graphs, by="beamtime")
    assert {name_of(g) for g in graphs if g.beamtime == "b0"} <= set(
        next(getattr(split, part) for part in PARTS if name_of(graphs[0]) in getattr(split, part))
    )
    with pytest.raises(ModelError, match="no beamtime of s1/000; expected one of every image"):
        split_graphs(TWENTY, by="beamtime")


@pytest.mark.parametrize(
    ("graphs", "split", "by", "found"),
    [
        (TWENTY[:3], (["s1/000"], ["s1/001"], ["s1/002", "s1/000"]), "image", "leak: image s1/000 stands in train"),
        (
            [small(k, volume="v" if k < 2 else "") for k in range(3)],
            (["s1/000"], ["s1/001"], ["s1/002"]), "image", "volume s1/v stands in train .by s1/000. and in validation",
        ),
        (
            [small(k, sample="one" if k != 1 else "two") for k in range(3)],
            (["one/000"], ["two/001"], ["one/002"]), "sample", "leak: sample one stands in train",
        ),
        (
            [small(k, beamtime="b" if k != 1 else "c") for k in range(3)],
            (["s1/000"], ["s1/001"], ["s1/002"]), "beamtime", "leak: beamtime b stands in train",
        ),
        (TWENTY[:3], (["s1/000"], ["s1/001"], []), "image", "no image in test"),
        (TWENTY[:3], (["s1/000"], ["s1/001"], ["s1/009"]), "image", "s1/009 in the split and not in the store"),
    ],
)  # fmt: skip
def test_leaks_are_errors(graphs, split, by, found):
    with pytest.raises(ModelError, match=found):
        check_split(Split(*map(tuple, split)), graphs, by)


def test_too_few_images():
    with pytest.raises(ModelError, match=r"Found 2 images .*among 2 images; expected at least 3"):
        split_graphs(TWENTY[:2])
    slices = [small(k, volume="v") for k in range(9)]
    with pytest.raises(ModelError, match=r"Found 1 images .or volumes. with measured states among 9 images"):
        split_graphs(slices)
    with pytest.raises(ModelError, match=r"Found 1 samples .*or split by image"):
        split_graphs(TWENTY, by="sample")


def test_images_without_nmc_or_states_are_in_no_part():
    bare, unmeasured = make_graph(90, n_nmc=0), make_graph(91)
    unmeasured["NMC"].y_mask[:] = False
    split = split_graphs([*make_set(5), bare, unmeasured])
    assert split.part_of(name_of(bare)) == split.part_of(name_of(unmeasured)) == "none"

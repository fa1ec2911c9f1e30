"""Contacts against hand-worked arrays, the definition itself, and everything that must not matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage
from small_images import contacts_by_dilation

from cathograph.ingest.graph.contact_blocks import cut_blocks
from cathograph.ingest.graph.contacts import Contacts, find_contacts
from cathograph.schema.errors import InputError, InputImageError

Row = tuple[int, int, int, int, int]


def rows_of(contacts: Contacts) -> list[Row]:
    """List (a, b, overlap_ab, overlap_ba, gap_px) of every contact."""
    columns = (contacts.a, contacts.b, contacts.overlap_ab, contacts.overlap_ba, contacts.gap_px)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def rows_by_definition(labels: NDArray[np.integer], radius_px: int) -> list[Row]:
    """Apply the definition, pixel against pixel."""
    pixels = np.argwhere(labels != 0)
    values = labels[labels != 0]
    distance = np.abs(pixels[:, np.newaxis] - pixels).max(axis=2, initial=0)
    rows = []
    regions = np.unique(values).tolist()
    for i, a in enumerate(regions):
        for b in regions[i + 1 :]:
            between = distance[values == a][:, values == b]
            near = between <= radius_px
            if near.any():
                rows.append(
                    (a, b, int(near.any(axis=0).sum()), int(near.any(axis=1).sum()), int(between.min()))
                )
    return rows


@st.composite
def label_images(draw: st.DrawFn) -> NDArray[np.int64]:
    """Small images of one-pixel noise or of blocks, 2D and 3D, sparse and dense."""
    n_axes = draw(st.integers(2, 3))
    shape = tuple(draw(st.integers(1, 11 if n_axes == 2 else 6)) for _ in range(n_axes))
    grain = draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = rng.integers(1, draw(st.integers(2, 12)), shape)
    labels[rng.random(shape) < draw(st.sampled_from([0.0, 0.3, 0.8]))] = 0
    grown = np.kron(labels, np.ones((grain,) * n_axes, dtype=np.int64))
    return grown[tuple(slice(n) for n in shape)]


class TestHandWorked:
    """Small arrays whose answer the comment derives."""

    def test_touching_columns(self) -> None:
        # Radius 1: the dilated 1 reaches one column into 2 (3 pixels), and the other way round.
        labels = np.array([[1, 1, 2, 2], [1, 1, 2, 2], [1, 1, 2, 2]])
        assert rows_of(find_contacts(labels, radius_px=1)) == [(1, 2, 3, 3, 1)]

    def test_counts_are_not_symmetric(self) -> None:
        # Radius 1 around the single 1 covers the 2x3 pixels beside and below it: (0,0), (1,0), (1,1)
        # and (1,2), (0,2), of which all five are 2. From 2's side, one pixel of 1 is covered.
        labels = np.array([[2, 1, 2], [2, 2, 2], [2, 2, 2]])
        assert rows_of(find_contacts(labels, radius_px=1)) == [(1, 2, 5, 1, 1)]

    def test_gap_decides_from_which_radius_on(self) -> None:
        # Columns 0 and 3: distance 3, so two background pixels between.
        labels = np.array([[1, 0, 0, 2]] * 3)
        assert rows_of(find_contacts(labels, radius_px=2)) == []
        assert rows_of(find_contacts(labels, radius_px=3)) == [(1, 2, 3, 3, 3)]

    def test_distance_is_chebyshev(self) -> None:
        # (0, 0) and (2, 1): Chebyshev 2 (Euclidean 2.2, city block 3).
        labels = np.array([[5, 0, 0], [0, 0, 0], [0, 9, 0]])
        assert rows_of(find_contacts(labels, radius_px=2)) == [(5, 9, 1, 1, 2)]

    def test_a_pixel_seen_twice_counts_once(self) -> None:
        # The 2 at (1, 1) lies within 1 of three pixels of 1; overlap_ab counts it once.
        labels = np.array([[1, 1, 1], [0, 2, 0], [0, 0, 0]])
        assert rows_of(find_contacts(labels, radius_px=1)) == [(1, 2, 1, 3, 1)]

    def test_third_regions_do_not_shield(self) -> None:
        # Dilation goes through 3: columns 0 and 2 are at distance 2 whatever lies between.
        labels = np.array([[1, 3, 2]] * 4)
        assert rows_of(find_contacts(labels, radius_px=2)) == [
            (1, 2, 4, 4, 2),
            (1, 3, 4, 4, 1),
            (2, 3, 4, 4, 1),
        ]

    def test_a_region_in_two_pieces(self) -> None:
        # 1 has pieces left and right of 2. Both reach the middle pixel of 2 at radius 2, its
        # ends are reached by one piece each: 3 pixels of 2, and 2 + 2 of 1 ((0,0) is 3 away).
        labels = np.array([[1, 1, 2, 2, 2, 1, 1, 1]])
        assert rows_of(find_contacts(labels, radius_px=2)) == [(1, 2, 3, 4, 1)]

    def test_paper_radius_on_eight_by_eight(self) -> None:
        # Two 3x3 squares, rows 1-3, columns 0-2 and 5-7; radius 3. From column 2 the dilation
        # reaches column 5: one column of three pixels. Gap: columns 2 and 5, 3.
        labels = np.zeros((8, 8), dtype=int)
        labels[1:4, 0:3] = 1
        labels[1:4, 5:8] = 2
        contacts = find_contacts(labels)
        assert contacts.radius_px == 3
        assert rows_of(contacts) == [(1, 2, 3, 3, 3)]
        assert contacts.interface_px.tolist() == [0.0]

    def test_cube_in_three_dimensions(self) -> None:
        # Single voxels at (0,0,0) and (2,2,2): Chebyshev distance 2, in reach of the cube of radius 2.
        labels = np.zeros((3, 3, 3), dtype=int)
        labels[0, 0, 0], labels[2, 2, 2] = 1, 2
        assert rows_of(find_contacts(labels, radius_px=1)) == []
        assert rows_of(find_contacts(labels, radius_px=2)) == [(1, 2, 1, 1, 2)]

    def test_weights(self) -> None:
        # 1-2: (5 + 1) / 2 = 3 px; 2-3: the 3 at (3, 1) sees 2's row above: (1 + 3) / 2 = 2 px.
        labels = np.array([[2, 1, 2], [2, 2, 2], [2, 2, 2], [0, 3, 0]])
        contacts = find_contacts(labels, radius_px=1)
        assert rows_of(contacts) == [(1, 2, 5, 1, 1), (2, 3, 1, 3, 1)]
        assert contacts.weight_px.tolist() == [3.0, 2.0]
        assert contacts.weight.tolist() == pytest.approx([1.0, 2 / 3])
        assert len(contacts) == 2


class TestDefinition:
    """Any image: equal to the definition, and to itself however it is presented."""

    @given(label_images(), st.integers(0, 4))
    def test_equals_the_definition(self, labels: NDArray[np.int64], radius_px: int) -> None:
        assert rows_of(find_contacts(labels, radius_px=radius_px)) == rows_by_definition(labels, radius_px)

    @given(
        label_images(),
        st.integers(1, 4),
        st.permutations([1, 2, 7, 90, 65_535, 2**31 - 1, 2**31, 2**40, *range(10, 20)]),
    )
    def test_labels_are_only_names(
        self, labels: NDArray[np.int64], radius_px: int, others: list[int]
    ) -> None:
        names = np.array([0, *others])
        renamed = find_contacts(names[labels], radius_px=radius_px)
        assert rows_of(renamed) == rows_by_definition(names[labels], radius_px)
        assert_same_interfaces(find_contacts(labels, radius_px=radius_px), renamed, names)

    @given(label_images(), st.integers(1, 4), st.data())
    def test_orientation_does_not_matter(
        self, labels: NDArray[np.int64], radius_px: int, data: st.DataObject
    ) -> None:
        turned = labels.transpose(data.draw(st.permutations(range(labels.ndim))))
        turned = np.flip(turned, data.draw(st.sets(st.integers(0, labels.ndim - 1))))
        expected = find_contacts(labels, radius_px=radius_px)
        contacts = find_contacts(turned, radius_px=radius_px)
        assert rows_of(contacts) == rows_of(expected)
        np.testing.assert_array_equal(contacts.interface_px, expected.interface_px)

    @given(label_images(), st.integers(1, 4), st.integers(2, 12))
    def test_threads_do_not_matter(self, labels: NDArray[np.int64], radius_px: int, threads: int) -> None:
        # So many threads also cut so small an image into as many blocks.
        expected = find_contacts(labels, radius_px=radius_px, threads=1)
        contacts = find_contacts(labels, radius_px=radius_px, threads=threads)
        assert rows_of(contacts) == rows_of(expected)
        np.testing.assert_array_equal(contacts.interface_px, expected.interface_px)

    def test_many_blocks_of_a_larger_image(self) -> None:
        # 700 x 900 pixels on its own, and as one of many more blocks.
        rng = np.random.default_rng(5)
        labels = np.kron(rng.integers(0, 4000, (100, 150)), np.ones((7, 6), dtype=np.int64))
        expected = find_contacts(labels, threads=1)
        contacts = find_contacts(labels, threads=9)
        assert len(expected) > 10_000
        assert rows_of(contacts) == rows_of(expected)
        np.testing.assert_array_equal(contacts.interface_px, expected.interface_px)

    @pytest.mark.parametrize("shape", [(60, 190), (9, 20, 130)])
    def test_equals_one_dilation_per_region(self, shape: tuple[int, ...]) -> None:
        # Wide enough for runs and interfaces to span several words of 60 pixels.
        rng = np.random.default_rng(2)
        labels = ndimage.zoom(rng.integers(0, 40, [-(-n // 5) for n in shape]), 5, order=0)
        labels = labels[tuple(slice(n) for n in shape)]
        labels[rng.random(shape) < 0.05] = 50
        contacts, expected = find_contacts(labels), contacts_by_dilation(labels, 3)
        np.testing.assert_array_equal(contacts.a, expected.a)
        np.testing.assert_array_equal(contacts.b, expected.b)
        np.testing.assert_array_equal(contacts.overlap_ab, expected.overlap_ab)
        np.testing.assert_array_equal(contacts.overlap_ba, expected.overlap_ba)

    def test_noise_where_every_pixel_is_a_region(self) -> None:
        # 40 x 40 regions of one pixel; within radius 2 each meets the 24 around it, less at the border.
        labels = np.random.default_rng(1).permutation(np.arange(1, 1601)).reshape(40, 40)
        contacts = find_contacts(labels, radius_px=2)
        # Along one axis 40 - |d| pixels have a neighbour d further; each pair is met twice.
        assert len(contacts) == (sum(40 - abs(d) for d in range(-2, 3)) ** 2 - 1600) // 2
        assert np.all(contacts.overlap_ab == 1)
        assert np.all(contacts.overlap_ba == 1)

    def test_a_radius_beyond_the_image(self) -> None:
        labels = np.array([[1, 0, 0, 0], [0, 0, 0, 2]])
        assert rows_of(find_contacts(labels, radius_px=1000)) == [(1, 2, 1, 1, 3)]


class TestInput:
    """What may come in, and what is refused with a clear line."""

    @pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i4", ">u2"])
    def test_every_integer_dtype(self, dtype: str) -> None:
        labels = np.array([[1, 1, 0], [0, 100, 100], [3, 3, 3]], dtype=dtype)
        assert rows_of(find_contacts(labels, radius_px=1)) == rows_by_definition(labels, 1)

    @pytest.mark.parametrize("largest", [2**31 - 1, 2**31, 2**40, 2**63 - 1])
    def test_huge_labels(self, largest: int) -> None:
        labels = np.array([[largest, 0, 7]], dtype=np.uint64)
        assert rows_of(find_contacts(labels)) == [(7, largest, 1, 1, 2)]

    def test_labels_beyond_int64_are_refused(self) -> None:
        with pytest.raises(InputImageError, match="18446744073709551615"):
            find_contacts(np.array([[2**64 - 1, 1]], dtype=np.uint64))

    @pytest.mark.parametrize(
        "view",
        [
            lambda labels: np.asfortranarray(labels),
            lambda labels: labels.repeat(2, axis=1)[:, ::2],
            lambda labels: labels[::-1].copy()[::-1],
            lambda labels: np.pad(labels, 3)[3:-3, 3:-3],
        ],
    )
    def test_memory_order_does_not_matter(self, view) -> None:
        labels = np.random.default_rng(0).integers(0, 9, (12, 17)).astype(np.int32)
        assert rows_of(find_contacts(view(labels))) == rows_of(find_contacts(labels))

    def test_the_input_is_left_alone(self) -> None:
        labels = np.random.default_rng(0).integers(0, 9, (12, 17)).astype(np.int32)
        before = labels.copy()
        labels.flags.writeable = False
        find_contacts(labels)
        np.testing.assert_array_equal(labels, before)

    @pytest.mark.parametrize("shape", [(0, 0), (0, 5), (3, 0, 4), (4, 4), (1, 1), (2, 3, 4)])
    def test_images_without_regions(self, shape: tuple[int, ...]) -> None:
        contacts = find_contacts(np.zeros(shape, dtype=np.int32))
        assert len(contacts) == 0
        assert contacts.a.dtype == contacts.gap_px.dtype == np.int64
        assert contacts.weight.shape == contacts.weight_px.shape == contacts.interface_px.shape == (0,)

    def test_one_region_has_no_contact(self) -> None:
        assert len(find_contacts(np.full((9, 9), 4))) == 0

    @pytest.mark.parametrize("labels", [np.zeros((3, 3)), np.zeros((3, 3), dtype=bool), [[1, 2]]])
    def test_only_integers(self, labels) -> None:
        with pytest.raises(InputImageError, match="expected an array of integers"):
            find_contacts(labels)

    @pytest.mark.parametrize("shape", [(), (4,), (2, 2, 2, 2)])
    def test_only_two_or_three_axes(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(InputImageError, match="expected \\(height, width\\)"):
            find_contacts(np.ones(shape, dtype=int))

    @pytest.mark.parametrize("dtype", ["i1", "i4", "i8"])
    def test_negative_labels_are_refused(self, dtype: str) -> None:
        with pytest.raises(InputImageError, match="Found label -3"):
            find_contacts(np.array([[1, -1, 2, -3]], dtype=dtype))

    def test_arguments_out_of_range(self) -> None:
        with pytest.raises(InputError, match="radius_px=-1"):
            find_contacts(np.ones((2, 2), dtype=int), radius_px=-1)
        with pytest.raises(InputError, match="threads=0"):
            find_contacts(np.ones((2, 2), dtype=int), threads=0)


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 3000), st.integers(1, 20), st.integers(1, 9))
def test_blocks_tile_the_image(depth: int, height: int, width: int, radius: int, threads: int) -> None:
    blocks = cut_blocks((depth, height, width), radius, threads)
    covered = np.zeros((depth, height), dtype=int)
    for block in blocks:
        covered[block.z_first : block.z_end, block.y_first : block.y_end] += 1
    assert np.all(covered == 1)


def assert_same_interfaces(one: Contacts, other: Contacts, names: NDArray[np.int64]) -> None:
    """Interfaces of two results are equal, where names tells the labels of one in the other."""
    pairs = {
        tuple(sorted((int(names[a]), int(names[b])))): interface
        for a, b, interface in zip(one.a, one.b, one.interface_px, strict=True)
    }
    others = zip(other.a.tolist(), other.b.tolist(), other.interface_px, strict=True)
    assert {(a, b): interface for a, b, interface in others} == pairs

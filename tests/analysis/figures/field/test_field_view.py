"""The field of view: rasters, outlines, rings, where names are said, what stands out."""

import base64
from dataclasses import replace
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage.segmentation import find_boundaries

from cathograph.analysis.figures.field import (
    FieldGraph,
    FieldTables,
    Layers,
    field_graph_data,
    has_many_rings,
    plot_field,
    plot_surroundings,
)
from cathograph.analysis.figures.field.boundaries import edges_of, inner_boundaries
from cathograph.analysis.figures.field.raster import (
    MOST_PIXELS,
    as_address,
    burn_outlines,
    burn_rings,
    colour_energies,
    colour_grey,
    colour_phases,
    shown_step,
)
from cathograph.analysis.figures.field.traces import MARKS_ONE_BY_ONE
from cathograph.analysis.figures.hover_points import HoverPoints, hover_points

# Two columns of NMC 1, one of nothing, two of SSE 2, and graphite 5 below both.
LABELS = np.array([[1, 1, 0, 2, 2], [1, 1, 0, 2, 2], [5, 5, 5, 5, 5]])
PHASES = np.array([[2, 2, 0, 1, 1], [2, 2, 0, 1, 1], [3, 3, 3, 3, 3]], dtype=np.uint8)


@pytest.fixture
def tables():
    particles = pd.DataFrame(
        {
            "label": [1, 2, 5],
            "phase": ["NMC", "SSE", "Graphite"],
            "centroid_y": [0.5, 0.5, 2.0],
            "centroid_x": [0.5, 3.5, 2.0],
            "equivalent_diameter_um": [1.0, 1.0, 2.0],
        }
    )
    contacts = pd.DataFrame({"a": [1, 1], "b": [2, 5], "weight": [0.5, 1.0]})
    junctions = pd.DataFrame({"y": [1.5], "x": [2.0]})
    return FieldTables(particles, contacts, junctions, pd.DataFrame({"nmc_a": [1], "nmc_b": [2]}))


NO_JUNCTIONS = pd.DataFrame({name: [] for name in ("nmc", "sse", "graphite", "y", "x")})


def segments(trace):
    """Begin and end of each line of a trace."""
    points = np.column_stack([np.asarray(trace.y, float), np.asarray(trace.x, float)]).reshape(-1, 3, 2)
    assert np.isnan(points[:, 2]).all()
    return {tuple(map(tuple, each[:2].tolist())) for each in points}


def named(figure, start):
    return next(trace for trace in figure.data if (trace.name or "").startswith(start))


def test_the_outline_of_a_mask_runs_along_its_pixels():
    # Two pixels side by side: two edges above, two below, one at each end; none between them.
    y, x = edges_of(np.array([[True, True]]))
    points = np.column_stack([y, x]).reshape(-1, 3, 2)
    lines = {tuple(map(tuple, each[:2].tolist())) for each in points}
    assert lines == {
        ((-0.5, -0.5), (-0.5, 0.5)), ((-0.5, 0.5), (-0.5, 1.5)),
        ((0.5, -0.5), (0.5, 0.5)), ((0.5, 0.5), (0.5, 1.5)),
        ((-0.5, -0.5), (0.5, -0.5)), ((-0.5, 1.5), (0.5, 1.5)),
    }  # fmt: skip


def test_a_point_says_the_name_of_the_region_under_it(tables):
    points = hover_points(tables.particles, LABELS)
    rows, columns = np.rint(points.y).astype(int), np.rint(points.x).astype(int)
    assert (LABELS[rows, columns] == points.labels).all()
    assert set(points.labels) == {1, 2, 5}


def test_a_bent_particle_says_its_name_though_its_centroid_lies_in_another():
    # A ring of 7 around 8: both centroids are the middle pixel, which is 8's.
    labels = np.full((5, 5), 7)
    labels[1:4, 1:4] = 8
    particles = pd.DataFrame(
        {"label": [7, 8], "phase": "NMC", "centroid_y": 2.0, "centroid_x": 2.0, "equivalent_diameter_um": 1.0}
    )
    points = hover_points(particles, labels)
    middle = (points.y == 2) & (points.x == 2)
    assert set(points.labels[middle]) == {8}
    assert 7 in points.labels


def test_without_pixels_centroids_say_names(tables):
    points = hover_points(tables.particles)
    assert points.labels.tolist() == [1, 2, 5]
    assert points.x.tolist() == [0.5, 3.5, 2.0]


def test_places_are_in_micrometres(tables):
    figure = plot_field(
        tables, hover_points(tables.particles), Layers(graph=True), shape=(3, 5), pixel_size_um=0.5
    )
    # Pixel centres at integers: the centroid (0.5, 0.5) is 1 pixel from the corner, 0.5 µm.
    points = figure.data[0]
    assert list(zip(points.y, points.x, strict=True)) == [(0.5, 0.5), (0.5, 2.0), (1.25, 1.25)]
    assert segments(named(figure, "contacts")) == {((0.5, 0.5), (0.5, 2.0)), ((0.5, 0.5), (1.25, 1.25))}
    ring = named(figure, "TPB")
    assert [*ring.y, *ring.x] == [1.0, 1.25]
    assert named(figure, "concurrent").line.dash == "dash"
    assert figure.layout.xaxis.range == (0, 2.5)
    assert figure.layout.xaxis.title.text == "µm"


def test_touching_channels_are_dotted_and_can_be_left_out(tables):
    with_both = replace(tables, touching=pd.DataFrame({"nmc_a": [1], "nmc_b": [5]}))
    points = hover_points(tables.particles)
    figure = plot_field(with_both, points, Layers(), shape=(3, 5), pixel_size_um=1.0)
    assert named(figure, "touching").line.dash == "dot"
    assert segments(named(figure, "touching")) == {((1.0, 1.0), (2.5, 2.5))}
    without = plot_field(with_both, points, Layers(touching=False), shape=(3, 5), pixel_size_um=1.0)
    names = [trace.name for trace in without.data]
    assert "concurrent channels (1)" in names
    assert not any(str(name).startswith("touching") for name in names)
    table = field_graph_data(
        FieldGraph("", LABELS, None, 1.0, replace(with_both, junctions=NO_JUNCTIONS))
    ).table
    assert table.loc[table["mark"] == "touching channel", ["a", "b"]].to_numpy().tolist() == [[1, 5]]


def test_a_chosen_particle_stands_out_with_its_contacts(tables):
    points = hover_points(tables.particles, LABELS)
    layers = Layers(picture=as_address(colour_phases(PHASES, 1)), graph=False, tpbs=False, channels=False)
    figure = plot_field(tables, points, layers, shape=(3, 5), pixel_size_um=1.0, chosen=1, labels=LABELS)
    assert len(segments(named(figure, "its contacts"))) == 2
    outline = segments(named(figure, "particle 1"))
    assert len(outline) == 8
    assert {value for line in outline for point in line for value in point} == {0.0, 1.0, 2.0}
    assert figure.layout.images[0].source.startswith("data:image/jpeg;base64,")
    assert figure.data[0].marker.opacity == 0
    without = plot_field(tables, points, Layers(), shape=(3, 5), pixel_size_um=1.0, chosen=5)
    assert list(named(without, "particle 5").x) == [2.5]


def test_the_graph_around_a_particle(tables):
    far = pd.DataFrame(
        {
            "label": [9],
            "phase": ["NMC"],
            "centroid_y": [9.0],
            "centroid_x": [9.0],
            "equivalent_diameter_um": [1.0],
        }
    )
    wider = FieldTables(
        pd.concat([tables.particles, far], ignore_index=True),
        tables.contacts,
        tables.junctions,
        tables.channels,
    )
    figure, labels = plot_surroundings(wider, 1, pixel_size_um=1.0)
    assert labels == [1, 2, 5]
    assert len(segments(named(figure, "contacts"))) == 2
    figure, labels = plot_surroundings(wider, 9, pixel_size_um=1.0)
    assert labels == [9]


def test_phases_have_their_colours():
    colours = colour_phases(PHASES, 1)
    assert colours[0, 0].tolist() == [0xE6, 0x9F, 0x00]
    assert colours[0, 3].tolist() == [0x56, 0xB4, 0xE9]


def test_grey_values_are_stretched_and_bad_ones_are_black():
    grey = np.linspace(0, 1000, 100).reshape(10, 10)
    grey[0, 1] = np.nan
    colours = colour_grey(grey, 1)
    assert colours[0, 0].tolist() == [0, 0, 0]
    assert colours[-1, -1].tolist() == [255, 255, 255]
    assert colours[0, 1].tolist() == [0, 0, 0]
    assert (colour_grey(np.full((2, 2), np.nan), 1) == 0).all()
    assert (colour_grey(np.full((2, 2), 7), 1) == 0).all()


def test_energies_outside_of_the_window_have_no_colour():
    energies = np.array([[8340.0, 8348.0], [8339.9, np.nan]])
    colours = colour_energies(energies, (8340.0, 8348.0), 1)
    assert colours[0, 0].tolist() == [68, 1, 84]  # the dark end of Viridis
    assert colours[0, 1].tolist() == [253, 231, 37]  # the bright one
    assert colours[1, 0].tolist() == colours[1, 1].tolist() == [200, 200, 200]


def test_boundaries_are_those_of_scikit_image():
    labels = np.random.default_rng(0).integers(0, 4, (20, 30))
    np.testing.assert_array_equal(inner_boundaries(labels), find_boundaries(labels, 1, "inner"))


def test_outlines_are_drawn_inside_of_regions_on_finer_pixels():
    black = np.zeros((3, 5, 3), np.uint8)
    drawn = burn_outlines(black, LABELS, PHASES, 1)
    finer = drawn.shape[0] // 3
    assert drawn.shape == (3 * finer, 5 * finer, 3)
    assert finer * 5 >= 700
    assert not black.any()
    orange = [0xE6, 0x9F, 0x00]
    assert drawn[0, 2 * finer - 1].tolist() == orange  # where NMC meets nothing
    assert drawn[finer // 2, finer // 2].tolist() == [0, 0, 0]  # inside of it
    assert drawn[0, 2 * finer].tolist() == [0, 0, 0]  # nothing has no outline


def test_a_large_image_is_shown_with_fewer_pixels():
    shape = (3000, 2000)
    step = shown_step(shape)
    assert step == 3
    picture = colour_phases(np.ones(shape, np.uint8), step)
    assert max(picture.shape) <= MOST_PIXELS
    opened = Image.open(BytesIO(base64.b64decode(as_address(picture).partition(",")[2])))
    assert opened.size == (667, 1000)


def test_thousands_of_rings_are_in_the_picture(tables):
    many = pd.DataFrame({"y": np.full(MARKS_ONE_BY_ONE + 1, 1.0), "x": np.full(MARKS_ONE_BY_ONE + 1, 2.0)})
    wider = FieldTables(tables.particles, tables.contacts, many, tables.channels)
    points = hover_points(tables.particles, LABELS)
    over = {"shape": (3, 5), "pixel_size_um": 1.0}
    picture = Layers(picture=as_address(colour_phases(PHASES, 1)))
    assert has_many_rings(many)
    assert not any(
        (trace.name or "").startswith("TPB") for trace in plot_field(wider, points, picture, **over).data
    )
    # Without a picture nothing else could show them.
    assert len(named(plot_field(wider, points, Layers(), **over), "TPB").x) == len(many)


def test_a_ring_lies_around_its_junction():
    black = np.zeros((40, 60, 3), np.uint8)
    # An image of half as many pixels: the junction in the middle of pixel (10, 15) is at (21, 31) of the raster.
    drawn = burn_rings(black, np.array([10.0]), np.array([15.0]), (20, 30))
    y, x = np.nonzero(drawn.any(axis=2))
    assert not black.any()
    assert (np.abs(np.hypot(y - 21, x - 31) - 4) < 0.75).all()
    assert len(y) > 20
    at_the_corner = burn_rings(black, np.array([0.0]), np.array([0.0]), (20, 30))
    assert 0 < at_the_corner.any(axis=2).sum() < len(y)


def test_over_a_picture_many_particles_say_no_names(tables):
    many = HoverPoints(*(np.ones(MARKS_ONE_BY_ONE + 1, dtype) for dtype in (np.int64, float, float)))
    over = {"shape": (3, 5), "pixel_size_um": 1.0}
    picture = Layers(picture=as_address(colour_phases(PHASES, 1)), tpbs=False, channels=False)
    assert not plot_field(tables, many, picture, **over).data
    assert len(plot_field(tables, many, Layers(tpbs=False, channels=False), **over).data) == 1

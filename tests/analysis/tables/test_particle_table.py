"""What a cluster is, and which tables are refused."""

import numpy as np
import pandas as pd
import pytest

from cathograph.analysis.tables.particle_states import (
    as_tested,
    describe_spread,
    flagged_states,
    is_corrected,
    states_of,
)
from cathograph.analysis.tables.particle_table import (
    cluster_of,
    flags_of,
    name_clusters,
    numbers_of,
    sample_codes,
)
from cathograph.schema.errors import InputError


def test_clusters_are_volumes_where_slices_have_one_else_images() -> None:
    # Two slices of volume v are one cluster; image a has no volume; sample t has an image of
    # the same name, which is another image; a volume called "a" is not the image "a".
    table = pd.DataFrame(
        {
            "sample": ["s", "s", "s", "s", "t", "s"],
            "image": ["v#0", "v#1", "a", "a", "a", "b"],
            "volume": ["v", "v", None, None, None, "a"],
        }
    )
    assert cluster_of(table).tolist() == [0, 0, 1, 1, 2, 3]
    assert sample_codes(table).tolist() == [0, 0, 0, 0, 1, 0]
    assert name_clusters(table) == "volumes and images"


def test_clusters_need_no_volume_column_and_keep_the_index() -> None:
    table = pd.DataFrame({"sample": ["s", "s"], "image": [7, 8]}, index=[5, 9])
    assert cluster_of(table).tolist() == [0, 1]
    assert cluster_of(table).index.tolist() == [5, 9]


def test_names_that_look_alike_when_joined_stay_apart() -> None:
    table = pd.DataFrame({"sample": ["a", "a/b"], "image": ["b/c", "c"]})
    assert cluster_of(table).tolist() == [0, 1]


def test_a_particle_counted_twice_is_refused() -> None:
    table = pd.DataFrame({"sample": ["s", "s"], "image": ["a", "a"], "label": [3, 3]})
    with pytest.raises(InputError, match=r"more than once.*s/a label 3.*one row per particle"):
        cluster_of(table)


def test_a_particle_without_image_is_refused() -> None:
    with pytest.raises(InputError, match="1 particles without image"):
        cluster_of(pd.DataFrame({"sample": ["s", "s"], "image": ["a", None]}))


def test_a_missing_column_is_named_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"no column soc_ev.*columns: sample, image"):
        numbers_of(pd.DataFrame({"sample": ["s"], "image": ["a"]}), "soc_ev")


def test_something_else_than_a_table_is_refused() -> None:
    with pytest.raises(InputError, match="Found list; expected a DataFrame"):
        numbers_of([1, 2], "soc_ev")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "column",
    [pd.Series([1.5, None]), pd.Series([1.5, None], dtype=object), pd.Series([1.5, pd.NA], dtype="Float64")],
)
def test_every_kind_of_null_is_nan(column: pd.Series) -> None:
    np.testing.assert_array_equal(numbers_of(pd.DataFrame({"soc_ev": column}), "soc_ev"), [1.5, np.nan])


@pytest.mark.parametrize(("value", "said"), [(np.inf, "1 infinite values.*row 1"), ("x", "soc_ev.*'x'")])
def test_infinite_and_text_are_refused(value: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        numbers_of(pd.DataFrame({"soc_ev": pd.Series([1.0, value], dtype=object)}), "soc_ev")


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([True, False]),
        pd.Series([1, 0]),
        pd.Series([True, False], dtype=object),
        pd.Series([True, False], dtype="boolean"),
    ],
)
def test_every_kind_of_flag_is_read(column: pd.Series) -> None:
    assert flags_of(pd.DataFrame({"at_tpb": column}), "at_tpb").tolist() == [True, False]


@pytest.mark.parametrize(
    ("value", "said"), [(None, "1 nulls in column at_tpb"), (2, "Found 2 in column at_tpb")]
)
def test_a_flag_with_holes_or_other_values_is_refused(value: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        flags_of(pd.DataFrame({"at_tpb": pd.Series([1, value], dtype=object)}), "at_tpb")


def test_flagged_states_are_nulls_and_other_numbers_are_not() -> None:
    table = pd.DataFrame(
        {
            "soc_ev": [8343.0, 8344.0, 8345.0, None],
            "area_um2": [1.0, 2.0, 3.0, 4.0],
            "flagged": pd.array([False, True, None, True], dtype="boolean"),
        }
    )
    np.testing.assert_array_equal(states_of(table, "soc_ev"), [8343, np.nan, 8345, np.nan])
    np.testing.assert_array_equal(states_of(table, "soc_ev", with_flagged=True), [8343, 8344, 8345, np.nan])
    np.testing.assert_array_equal(states_of(table, "area_um2"), [1, 2, 3, 4])
    assert flagged_states(table, "soc_ev").tolist() == [False, True, False, False]
    assert not flagged_states(table, "area_um2").any()
    np.testing.assert_array_equal(as_tested(table)["soc_ev"], [8343, np.nan, 8345, np.nan])
    assert table["soc_ev"].tolist()[1] == 8344


def spreads(**columns):
    """Three particles with heterogeneity, the last one flagged."""
    return pd.DataFrame(
        {
            "heterogeneity_ev": [0.5, 0.4, 0.9],
            "heterogeneity_corrected_ev": [0.3, 0.2, 0.8],
            "fit_noise_ev": [0.4, 0.3, 0.4],
            "flagged": [False, False, True],
        }
        | columns
    )


def test_heterogeneity_is_read_without_noise_where_it_is_known_for_all() -> None:
    table = spreads()
    assert is_corrected(table)
    np.testing.assert_array_equal(states_of(table, "heterogeneity_ev"), [0.3, 0.2, np.nan])
    np.testing.assert_array_equal(states_of(table, "heterogeneity_ev", with_noise=True), [0.5, 0.4, np.nan])
    np.testing.assert_array_equal(states_of(table, "heterogeneity_ev", with_flagged=True), [0.3, 0.2, 0.8])
    # One tested particle without: all are read as they were measured. A flagged one does not matter.
    for unknown, expected in (([0.3, None, 0.8], [0.5, 0.4, np.nan]), ([0.3, 0.2, None], [0.3, 0.2, np.nan])):
        lacking = spreads(heterogeneity_corrected_ev=unknown)
        np.testing.assert_array_equal(states_of(lacking, "heterogeneity_ev"), expected)
    old = table.drop(columns="heterogeneity_corrected_ev")
    assert not is_corrected(old)
    np.testing.assert_array_equal(states_of(old, "heterogeneity_ev"), [0.5, 0.4, np.nan])


def test_figures_read_each_selection_as_its_tests_do() -> None:
    table = pd.concat(
        [spreads(selection="a"), spreads(selection="b", heterogeneity_corrected_ev=[0.1, None, None])]
    )
    np.testing.assert_array_equal(as_tested(table)["heterogeneity_ev"], [0.3, 0.2, np.nan, 0.5, 0.4, np.nan])


def test_what_the_spread_contains_is_said() -> None:
    assert describe_spread(spreads(heterogeneity_ev=[None] * 3)) == []
    (known,) = describe_spread(spreads())
    assert "without the noise" in known
    assert "2 particles" in known
    unknown, cut = describe_spread(
        spreads(heterogeneity_corrected_ev=[0.3, None, None], heterogeneity_uncut_ev=[0.6, None, 2.0])
    )
    assert "unknown for 1 of 2" in unknown
    assert "1 of these particles" in cut


def test_what_the_window_cuts_is_the_estimate_for_the_whole_or_left_out() -> None:
    table = spreads(
        flagged=False,
        soc_ev=[8343.0, 8344.0, 8347.0],
        soc_uncut_ev=[None, 8344.2, None],
        heterogeneity_uncut_ev=[None, 0.5, None],
        uncut_reason=[None, None, "too few values in the window to tell its shape"],
    )
    np.testing.assert_array_equal(states_of(table, "soc_ev"), [8343, 8344.2, np.nan])
    np.testing.assert_allclose(states_of(table, "heterogeneity_ev"), [0.3, 0.4, np.nan])  # √(0.5² − 0.3²)
    np.testing.assert_array_equal(states_of(table, "heterogeneity_ev", with_noise=True), [0.5, 0.5, np.nan])
    np.testing.assert_array_equal(states_of(table, "soc_ev", with_flagged=True), [8343, 8344, 8347])
    assert flagged_states(table, "heterogeneity_ev").tolist() == [False, False, True]
    table["polarization_ev"] = [0.0, 1.0, 2.0]
    np.testing.assert_array_equal(states_of(table, "polarization_ev"), [0, 1, 2])

"""Selections: what is kept, by what it may be named, and what is refused."""

import pandas as pd
import pytest
from electrode_example import make_tables

from cathograph.analysis.tables.electrode_tables import (
    METRICS,
    ElectrodeTables,
    keys_of_cathode,
    keys_of_name,
    keys_of_rows,
    keys_of_sample,
    narrow,
    read_electrode_tables,
)
from cathograph.schema.errors import InputError, QueryError
from cathograph.schema.keys import image_key, particle_key


@pytest.fixture(scope="module")
def tables():
    """Sample s with images image-0 … image-3 and sample t with image-0, image-1."""
    one, other = make_tables(20, 4, cathode="LCD"), make_tables(10, 2, 1, "t", cathode="BLE")
    return ElectrodeTables(
        **{
            name: pd.concat([getattr(one, name), getattr(other, name)], ignore_index=True)
            for name in one.__dataclass_fields__
        }
    )


def images_of(keys):
    return sorted(map(tuple, keys[["sample", "image"]].drop_duplicates().to_numpy().tolist()))


def test_a_sample_a_cathode_kind_or_either(tables):
    of_t = [("t", "image-0"), ("t", "image-1")]
    assert images_of(keys_of_sample(tables, "t")) == of_t
    assert images_of(keys_of_cathode(tables, "BLE")) == of_t
    assert images_of(keys_of_name(tables, "BLE")) == images_of(keys_of_name(tables, "t")) == of_t


def test_an_unknown_name_is_refused_with_those_there_are(tables):
    with pytest.raises(InputError, match="no image of sample 'x'; expected one of: s, t"):
        keys_of_sample(tables, "x")
    with pytest.raises(InputError, match="no image of cathode 'LCE'; expected one of: BLE, LCD"):
        keys_of_cathode(tables, "LCE")
    with pytest.raises(InputError, match="no cathode kind and no sample named 'x'"):
        keys_of_name(tables, "x")


def test_rows_that_name_images(tables):
    rows = pd.DataFrame({"sample": ["s", "s"], "image": ["image-1", "image-1"], "n": [1, 2]})
    kept = narrow(tables, keys_of_rows(tables, rows, "q"))
    assert len(kept.images) == 1
    assert kept.nmc["image"].unique().tolist() == ["image-1"]
    assert len(kept.nmc) == (tables.nmc[["sample", "image"]] == ["s", "image-1"]).all(axis=1).sum()
    assert kept.percolation["sample"].tolist() == ["s"]


@pytest.mark.parametrize("column", ["label", "nmc"])
def test_rows_that_name_particles(tables, column):
    chosen = tables.nmc[tables.nmc["at_tpb"]].iloc[:2]
    rows = chosen[["sample", "image", "label"]].rename(columns={"label": column})
    kept = narrow(tables, keys_of_rows(tables, rows, "q"))
    assert kept.nmc["label"].tolist() == chosen["label"].tolist()
    assert sorted(kept.tpbs["nmc"]) == sorted(kept.nearest["nmc"]) == sorted(chosen["label"])


def test_keys_of_images_and_of_particles(tables):
    of_images = pd.DataFrame({"i.key": [image_key("t", "image-1"), image_key("s", "image-0")]})
    assert images_of(keys_of_rows(tables, of_images, "q")) == [("s", "image-0"), ("t", "image-1")]
    first = tables.nmc.iloc[0]
    segmentation = tables.segmentations.set_index(["sample", "image"]).loc[
        (first["sample"], first["image"]), "segmentation"
    ]
    of_nmc = pd.DataFrame({"key": [particle_key(segmentation, first["label"])]})
    assert keys_of_rows(tables, of_nmc, "q")["label"].tolist() == [first["label"]]


def test_rows_that_name_nothing_are_refused(tables):
    with pytest.raises(InputError, match="no row from q"):
        keys_of_rows(tables, pd.DataFrame({"sample": [], "image": []}), "q")
    with pytest.raises(InputError, match="columns a, b from q; expected sample and image"):
        keys_of_rows(tables, pd.DataFrame({"a": [1], "b": [2]}), "q")
    with pytest.raises(InputError, match=r"1 rows from q .* no image .* the first is s/x"):
        keys_of_rows(tables, pd.DataFrame({"sample": ["s"], "image": ["x"]}), "q")
    with pytest.raises(InputError, match=r"no active particle .* the first is s/image-0/9999"):
        keys_of_rows(tables, pd.DataFrame({"sample": ["s"], "image": ["image-0"], "label": [9999]}), "q")
    with pytest.raises(InputError, match=r"1 keys from q .* no image and no active particle"):
        keys_of_rows(tables, pd.DataFrame({"key": ["deadbeef"]}), "q")


def test_reading_joins_what_the_queries_give():
    # Particle 1 is in two TPBs; particle 3 was written between two of the queries and is left out.
    where = {"sample": "s", "image": "i"}
    states = pd.DataFrame([{**where, "label": 1, "soc_ev": 8343.0}, {**where, "label": 3, "soc_ev": 8344.0}])
    metrics = pd.DataFrame([{**where, "label": 1, "phase": "NMC", **dict.fromkeys(METRICS, 0.5)},
                            {**where, "label": 2, "phase": "SSE", **dict.fromkeys(METRICS, 0.9)}])  # fmt: skip
    counts = pd.DataFrame([{**where, "nmc": 1, "tpbs": 2, "physical_tpbs": 1, "junctions": 3}])
    active = pd.DataFrame(
        [
            {**where, "element": "Ni", "edge": "K", "active": True, "in_sight": True},
            {**where, "element": "Co", "edge": "K", "active": False, "in_sight": False},
        ]
    )
    given = {"states": states, "centralities": metrics, "tpbs_per_nmc": counts,
             "segmentations": active, "measurements": active,
             "measures": pd.DataFrame({**where, "label": 1, "measure": "current_share", "value": 0.5}, index=[0]),
             "images": pd.DataFrame({**where, "composite": "sofc-electrode"}, index=[0])}  # fmt: skip
    asked = {}

    def ask(name, **parameters):
        asked[name] = parameters
        return given.get(name, pd.DataFrame(where, index=[0]))

    tables = read_electrode_tables(ask)
    assert tables.nearest["composite"].tolist() == ["sofc-electrode"]
    assert tables.nmc[["label", "tpbs", "degree"]].to_numpy().tolist() == [[1, 2, 0.5]]
    assert len(tables.segmentations) == len(tables.measurements) == 1
    assert tables.edge == "Ni K", "the only edge in sight"
    assert asked["states"] == {"edge": "Ni K"}
    given["measurements"] = active.assign(in_sight=True)
    with pytest.raises(QueryError, match=r"Co K and Ni K; expected one"):
        read_electrode_tables(ask)
    assert read_electrode_tables(ask, "co k").edge == "Co K"
    assert asked["states"] == {"edge": "Co K"}
    with pytest.raises(QueryError, match=r"no states of Fe K; expected one of Co K, Ni K"):
        read_electrode_tables(ask, "Fe K")

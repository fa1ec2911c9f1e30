"""An empty store for each test, and one with the toy image of `toy_rows` in it."""

import dataclasses
from collections.abc import Callable
from functools import partial

import pandas as pd
import pytest
from database_server import DatabaseServer
from toy_measurement import make_toy_measurement
from toy_prediction import make_toy_prediction
from toy_rows import make_toy_rows

from cathograph.ingest.metrics import refresh_metrics
from cathograph.queries.reading.content import store_version
from cathograph.queries.server.connection import Connection
from cathograph.queries.writing.images import IngestRunRecord, write_image
from cathograph.queries.writing.jobs import enqueue
from cathograph.queries.writing.measurements import write_measurement
from cathograph.queries.writing.measures import write_measures
from cathograph.queries.writing.predictions import write_prediction
from cathograph.queries.writing.spot_checks import write_spot_check
from cathograph.schema.measures import FAMILIES
from cathograph.schema.properties import Kind
from cathograph.schema.rows import ImageRows
from cathograph.schema.spot_check import SEGMENTATION_SPOT_CHECK
from cathograph.schema.uncertainty import SEGMENTATION_UNCERTAINTY

_FILLED: dict[str, str] = {}
"""Version of the store with one place filled, by the address of its server."""


@pytest.fixture
def toy_rows() -> Callable[..., ImageRows]:
    """Give the maker of the toy image's rows."""
    return make_toy_rows


@pytest.fixture
def changed() -> Callable[..., ImageRows]:
    """Give a maker of toy rows with one table or field replaced."""

    def make(**replacements):
        return dataclasses.replace(make_toy_rows(), **replacements)

    return make


@pytest.fixture
def toy_store(store: Connection) -> Connection:
    """Give the store with the toy image in it."""
    write_image(store, make_toy_rows(), IngestRunRecord.of_memory("field"))
    return store


def with_touching_pair(rows: ImageRows) -> ImageRows:
    """Let NMC 1 and 2 of the toy image touch: they share SSE 3, so they have a touching channel."""
    touching = rows.contacts.iloc[[0]].assign(a=1, b=2, gap_px=1)
    joined = rows.particles["label"].isin([1, 2])
    return dataclasses.replace(
        rows,
        segmentation={**rows.segmentation, "n_contacts": len(rows.contacts) + 1},
        contacts=pd.concat([touching, rows.contacts], ignore_index=True),
        particles=rows.particles.assign(
            has_touching_channel=rows.particles["has_touching_channel"].mask(joined, True),
            touching_partners=rows.particles["touching_partners"].mask(joined, 1),
        ),
    )


def fill_place(store: Connection, sample: str = "s1", image: str = "field", key: str = "k1") -> None:
    """Write all that queries ask for: image, its uncertainty, energy map, prediction, metrics, a job."""
    run = IngestRunRecord.of_memory(image)
    rows = with_touching_pair(make_toy_rows(image=image, sample=sample, key=key))
    sure = {prop.name: 1.5 for prop in SEGMENTATION_UNCERTAINTY}
    sure |= {"uncertainty_passes": 8, "uncertainty_calibrated": True, "unlike_painted": "grey range"}
    write_image(store, dataclasses.replace(rows, segmentation={**rows.segmentation, **sure}), run)
    write_measurement(store, make_toy_measurement(f"m {key}", segmentation=key), run)
    write_prediction(store, make_toy_prediction(segmentation=key), run)
    checked = {prop.name: 0.5 for prop in SEGMENTATION_SPOT_CHECK if prop.name != "spot_checked"}
    write_spot_check(store, key, {**checked, "spot_check_points": 30, "spot_check_fractions": "{}"})
    refresh_metrics(store, segmentation=key)
    (transport,) = (family for family in FAMILIES if family.name == "transport")
    write_measures(
        store, key, transport,
        particles=pd.DataFrame(
            {"label": [1, 2], "current_share": [1.0, 0.0], "ionic_access_ohm": [3.0, None],
             "electronic_access_ohm": [2.0, None], "limiting": [0.4, None], "reached": [True, False]}
        ),
        contacts=pd.DataFrame({"a": [], "b": [], "current_share": []}),
        image={prop.name: None for prop in transport.image},
        code_version="1",
    )  # fmt: skip
    (position,) = (family for family in FAMILIES if family.name == "position")
    write_measures(
        store, key, position,
        particles=pd.DataFrame({prop.name: [None] for prop in position.particle}).assign(
            label=[1], separator_distance_um=[0.1]
        ),
        contacts=pd.DataFrame(),
        image={
            prop.name: [0.0, 0.2] if prop.name == "layer_edges_um" else [1] if prop.kind == Kind.INTEGERS else [0.5]
            for prop in position.image
        },
        code_version="1",
    )  # fmt: skip
    (profiles,) = (family for family in FAMILIES if family.name == "profiles")
    about = {
        Kind.STRING: f"m {key}", Kind.FLOAT: 0.1, Kind.FLOATS: [0.1], Kind.STRINGS: ["junction"], Kind.INTEGERS: [1]
    }  # fmt: skip
    write_measures(
        store, key, profiles,
        particles=pd.DataFrame({prop.name: [None] for prop in profiles.particle}).assign(
            label=[1], junction_slope_ev_per_um=[0.5]
        ),
        contacts=pd.DataFrame(),
        image={prop.name: about[prop.kind] for prop in profiles.image},
        code_version="1",
    )  # fmt: skip
    job = {
        "folder": "/data", "sample": sample, "image": image, "file_name": f"{image}.tif",
        "file_sha256": key, "map_file_name": None, "map_sha256": None,
    }  # fmt: skip
    enqueue(store, {key: job})


@pytest.fixture
def fill(store: Connection) -> Callable[..., None]:
    """Give what fills a place of the emptied store, see `fill_place`."""
    return partial(fill_place, store)


@pytest.fixture
def full_store(clean_store: Connection, neo4j_server: DatabaseServer) -> Connection:
    """Give the store with one place filled, so that every query has rows; anew where it was changed."""
    if store_version(clean_store) != _FILLED.get(neo4j_server.uri):
        neo4j_server.empty_of_data()
        fill_place(clean_store)
        _FILLED[neo4j_server.uri] = store_version(clean_store)
    return clean_store

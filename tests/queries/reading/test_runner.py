"""Answers on the toy graph, worked out by hand (see conftest), with their declared columns and types."""

# ruff: noqa: E501  tables worked out by hand, one row a line

import pandas as pd
import pytest
from repository import ROOT

from cathograph.queries.catalog import adhoc, all_read_queries, load
from cathograph.queries.reading.runner import run
from cathograph.queries.writing.activation import activate
from cathograph.queries.writing.images import IngestRunRecord, write_image
from cathograph.schema.errors import ParameterError, QueryError, QueryTimeout

READ = all_read_queries()


def ask(store, name, **given):
    return run(store, load(name), load(name).bind(given))


def rows_of(table, *columns):
    return {
        tuple(None if pd.isna(cell) else cell for cell in row)
        for row in table[list(columns)].itertuples(index=False)
    }


@pytest.mark.parametrize("query", READ, ids=lambda query: query.name)
def test_empty_store_gives_empty_tables_with_columns(store, query):
    table = run(store, query)
    assert list(table.columns) == [column.name for column in query.columns]
    assert len(table) == 0


DTYPES = {
    "STRING": "str", "INTEGER": "int64", "INTEGER or null": "Int64", "FLOAT": "float64", "BOOLEAN": "bool",
    "BOOLEAN or null": "boolean", "LIST<INTEGER>": "object", "DATETIME": "datetime64[us, UTC]", "DATETIME or null": "datetime64[us, UTC]",
    "STRING or null": "str", "FLOAT or null": "float64", "LIST<FLOAT>": "object", "LIST<STRING>": "object", "LIST<FLOAT> or null": "object",
    "MAP": "object", "MAP or null": "object",
}  # fmt: skip


@pytest.mark.parametrize("query", READ, ids=lambda query: query.name)
def test_types_are_those_declared_with_rows_and_without(full_store, query):
    full, empty = run(full_store, query), run(full_store, query, {"sample": "none such"})
    assert len(full) > 0
    assert len(empty) == 0
    for table in (full, empty):
        assert list(table.columns) == [column.name for column in query.columns]
        for column in query.columns:
            assert str(table[column.name].dtype) == DTYPES[column.type], column
            if not column.nullable:
                assert not table[column.name].isna().any(), column


def test_particles(toy_store):
    table = ask(toy_store, "particles")
    assert rows_of(table, "image", "sample", "label", "phase", "area_px", "area_um2", "touches_border") == {
        ("field", "s1", 1, "NMC", 10, 0.1, False),
        ("field", "s1", 2, "NMC", 20, 0.2, True),
        ("field", "s1", 3, "SSE", 30, 0.3, False),
        ("field", "s1", 4, "Graphite", 40, 0.4, False),
        ("field", "s1", 5, "NMC", 50, 0.5, True),
    }
    assert rows_of(table, "label", "has_concurrent_channel", "concurrent_partners", "volume_um3") == {
        (1, True, 1, None), (2, True, 1, None), (3, None, None, None), (4, None, None, None), (5, False, 0, None),
    }  # fmt: skip


def test_contacts(toy_store):
    table = ask(toy_store, "contacts")
    assert rows_of(table, "a", "b", "phase_a", "phase_b", "overlap_ab", "overlap_ba", "weight_px", "weight", "gap_px") == {
        (1, 3, "NMC", "SSE", 4, 6, 5.0, 0.625, 1),
        (1, 4, "NMC", "Graphite", 6, 6, 6.0, 0.75, 1),
        (2, 3, "NMC", "SSE", 8, 4, 6.0, 0.75, 1),
        (2, 4, "NMC", "Graphite", 2, 2, 2.0, 0.25, 2),
        (3, 4, "SSE", "Graphite", 10, 6, 8.0, 1.0, 1),
    }  # fmt: skip
    assert rows_of(table, "a", "b", "interface_um", "interface_um2") == {
        (1, 3, 0.4, None), (1, 4, 0.5, None), (2, 3, 0.6, None), (2, 4, 0.0, None), (3, 4, 0.8, None),
    }  # fmt: skip


def test_tpbs(toy_store):
    columns = (
        "nmc",
        "sse",
        "graphite",
        "perimeter_um",
        "interface_ratio",
        "weight_sum_px",
        "junctions",
        "is_physical",
    )
    assert rows_of(ask(toy_store, "tpbs"), *columns) == {
        (1, 3, 4, 1.2, 5 / 6, 19.0, 2, True),
        (2, 3, 4, 1.4, 3.0, 16.0, 0, False),
    }


def test_tpbs_per_nmc_counts_those_in_none(toy_store):
    columns = ("nmc", "tpbs", "physical_tpbs", "junctions", "mean_perimeter_um")
    assert rows_of(ask(toy_store, "tpbs_per_nmc"), *columns) == {
        (1, 1, 1, 2, 1.2), (2, 1, 0, 0, 1.4), (5, 0, 0, 0, None),
    }  # fmt: skip


def test_junctions(toy_store):
    assert rows_of(ask(toy_store, "junctions"), "nmc", "sse", "graphite", "junction", "z", "y", "x") == {
        (1, 3, 4, 1, None, 1.5, 2.5), (1, 3, 4, 2, None, 4.5, 6.5),
    }  # fmt: skip


def test_channels(toy_store):
    assert rows_of(
        ask(toy_store, "concurrent_channels"), "image", "nmc_a", "nmc_b", "via_sse", "via_graphite"
    ) == {("field", 1, 2, 1, 1)}
    assert rows_of(ask(toy_store, "channel_flags"), "nmc", "has_concurrent_channel", "concurrent_partners") == {
        (1, True, 1), (2, True, 1), (5, False, 0),
    }  # fmt: skip
    assert rows_of(ask(toy_store, "hub_share"), "hub_share_sse", "nmc", "channel_pairs", "mean_partners") == {
        (1.0, 3, 1, 2 / 3)
    }


def test_channel_pairs_that_are_not_stored_are_found(store, toy_rows, changed):
    """The same pairs, with the same counts, come from the contacts alone."""
    rows = toy_rows()
    unstored = {**rows.segmentation, "channel_pairs_stored": False}
    write_image(
        store,
        changed(segmentation=unstored, channels=rows.channels.iloc[:0]),
        IngestRunRecord.of_memory("field"),
    )
    assert rows_of(ask(store, "concurrent_channels"), "nmc_a", "nmc_b", "via_sse", "via_graphite") == {
        (1, 2, 1, 1)
    }


@pytest.mark.parametrize(("limit", "pairs"), [(None, 1), ("0.8", 1), ("0.79", 0)])
def test_local_channels_up_to_a_path_length(toy_store, limit, pairs):
    given = {} if limit is None else {"max_path_um": limit}
    assert len(ask(toy_store, "local_channels", **given)) == pairs


def test_nearest(toy_store):
    assert rows_of(ask(toy_store, "nearest"), "nmc", "nearest", "distance_um", "via", "touching") == {
        (1, 2, 0.2, "both", False), (2, 1, 0.2, "both", False), (5, 2, 0.7, "neither", False),
    }  # fmt: skip


def test_neighbour_counts(toy_store):
    columns = ("label", "phase", "neighbours", "nmc", "sse", "graphite", "other", "weighted_degree_px")
    assert rows_of(ask(toy_store, "neighbour_counts"), *columns) == {
        (1, "NMC", 2, 0, 1, 1, 0, 11.0),
        (2, "NMC", 2, 0, 1, 1, 0, 8.0),
        (3, "SSE", 3, 2, 0, 1, 0, 19.0),
        (4, "Graphite", 3, 2, 1, 0, 0, 16.0),
        (5, "NMC", 0, 0, 0, 0, 0, 0.0),
    }


def test_overviews(store, toy_rows):
    run_ = IngestRunRecord.of_memory("field")
    write_image(store, toy_rows(cathode="LCD", beamtime="b1"), run_)
    again = toy_rows(image="other", key="k2", cathode="LCD", volume="v", slice_index=3)
    write_image(store, again, IngestRunRecord.of_memory("other"))
    assert rows_of(ask(store, "samples"), "sample", "cathode", "images", "particles", "contacts", "tpbs",
                   "physical_tpbs", "nmc", "nmc_with_channels", "share_with_channels") == {
        ("s1", "LCD", 2, 10, 10, 4, 2, 6, 4, 4 / 6),
    }  # fmt: skip
    assert rows_of(ask(store, "images"), "image", "cathode", "beamtime", "volume", "slice_index", "particles", "nmc",
                   "sse", "graphite", "tpbs", "nmc_with_channels") == {
        ("field", "LCD", "b1", None, None, 5, 3, 1, 1, 2, 2),
        ("other", "LCD", None, "v", 3, 5, 3, 1, 1, 2, 2),
    }  # fmt: skip


def test_cathode_kinds_say_when_radii_differ(store, toy_rows, changed):
    write_image(store, toy_rows(cathode="LCD"), IngestRunRecord.of_memory("1"))
    write_image(store, toy_rows(sample="s2", key="k2", cathode="BLE"), IngestRunRecord.of_memory("2"))
    coarse = changed(
        field_of_view=toy_rows(sample="s3", cathode="BLE").field_of_view,
        segmentation_key="k3",
        segmentation={**toy_rows().segmentation, "pixel_size_um": 0.2, "radius_um": 0.6},
    )
    write_image(store, coarse, IngestRunRecord.of_memory("3"))
    # Of the 3 NMC of an image 2 are in a TPB, 1 in a physical one, 2 have a channel; diameters 0.5, 0.6, 0.9.
    table = ask(store, "cathode_kinds").round(9)
    assert rows_of(table, "cathode", "ndim", "samples", "images", "nmc", "share_in_tpbs", "share_in_physical_tpbs",
                   "share_with_channels", "mean_nmc_diameter_um", "mean_tpb_perimeter_um", "radius_um_min",
                   "radius_um_max", "same_radius") == {
        ("LCD", 2, 1, 1, 3, round(2 / 3, 9), round(1 / 3, 9), round(2 / 3, 9), round(2 / 3, 9), 1.3, 0.3, 0.3, True),
        ("BLE", 2, 2, 2, 6, round(2 / 3, 9), round(1 / 3, 9), round(2 / 3, 9), round(2 / 3, 9), 1.3, 0.3, 0.6, False),
    }  # fmt: skip


def test_narrowing_to_a_sample_or_an_image(store, fill):
    for place in (("s1", "a", "k1"), ("s1", "b", "k2"), ("s2", "a", "k3")):
        fill(*place)
    for query in READ:
        if not {"sample", "image"} <= {column.name for column in query.columns}:
            continue
        places = rows_of(run(store, query), "sample", "image")
        assert places == {("s1", "a"), ("s1", "b"), ("s2", "a")}, query.name
        assert rows_of(run(store, query, {"sample": "s1"}), "sample", "image") == {("s1", "a"), ("s1", "b")}
        assert rows_of(run(store, query, {"image": "a"}), "sample", "image") == {("s1", "a"), ("s2", "a")}
        assert rows_of(run(store, query, {"sample": "s2", "image": "a"}), "sample", "image") == {("s2", "a")}


def test_only_the_active_segmentation_is_seen(toy_store, toy_rows, changed):
    newer = changed(
        segmentation_key="k2",
        particles=toy_rows().particles.assign(area_px=[11, 21, 31, 41, 51]),
    )
    write_image(toy_store, newer, IngestRunRecord.of_memory("field"))
    assert set(ask(toy_store, "particles").area_px) == {11, 21, 31, 41, 51}
    assert len(ask(toy_store, "contacts")) == 5
    assert rows_of(ask(toy_store, "segmentations"), "segmentation", "active") == {("k1", False), ("k2", True)}
    activate(toy_store, "k1")
    assert set(ask(toy_store, "particles").area_px) == {10, 20, 30, 40, 50}
    with pytest.raises(QueryError, match="no segmentation 'k9'"):
        activate(toy_store, "k9")


@pytest.mark.parametrize(
    "value", ["x' OR 1=1 //", '"}) DETACH DELETE n //', "`", "$image", "s1\\u0027 OR true", "{}"]
)
def test_parameters_are_values_never_cypher(toy_store, value):
    assert (
        len(ask(toy_store, "hub_share", sample=value)) == len(ask(toy_store, "hub_share", image=value)) == 0
    )
    assert len(ask(toy_store, "particles")) == 5


def test_question_of_the_schema_page(store, toy_rows):
    page = (ROOT / "docs" / "schema.md").read_text()
    question = page.split("```cypher\n")[1].split("```")[0]
    write_image(store, toy_rows(cathode="LCD"), IngestRunRecord.of_memory("1"))
    # Only NMC 5 touches no graphite; at 0.5 µm² it is above 0.2 but not above 2.
    assert len(run(store, adhoc(question))) == 0
    smaller = question.replace("> 2", "> 0.2")
    assert rows_of(run(store, adhoc(smaller)), "cathode", "particles") == {("LCD", 1)}


def test_own_query_gives_plain_values(toy_store):
    table = run(
        toy_store,
        adhoc(
            "MATCH p = (n:NMC {label: 1})-[c:CONTACT]->(m:SSE) RETURN n.label AS label, c, p, m, null AS nothing, "
            "date('2026-01-02') AS day, duration('P1D') AS span, point({x: 1, y: 2}) AS place, [1, 2.5] AS list, "
            "datetime('2026-01-02T03:04:05Z') AS moment, {a: date('2026-01-02')} AS map"
        ),
    )
    row = table.iloc[0]
    assert row["label"] == 1
    assert row["c"]["type"] == "CONTACT"
    assert row["c"]["properties"]["weight_px"] == 5.0
    assert row["m"]["labels"] == ["Ionic", "Particle", "SSE"]
    path = [step.get("type") or step["labels"] for step in row["p"]]
    assert path == [["Active", "NMC", "Particle"], "CONTACT", ["Ionic", "Particle", "SSE"]]
    assert (row["day"], row["span"], row["list"]) == ("2026-01-02", "P1D", [1, 2.5])
    assert row["place"] == {"srid": 7203, "coordinates": [1.0, 2.0]}
    assert row["moment"].startswith("2026-01-02T03:04:05")
    assert row["map"] == {"a": "2026-01-02"}
    assert row["nothing"] is None


def test_own_query_keeps_whole_numbers_whole(store):
    table = run(
        store, adhoc("UNWIND [1, null, 9007199254740993] AS n RETURN n, n > 1 AS more, toFloat(n) AS f")
    )
    assert str(table["n"].dtype) == "Int64"
    assert table["n"].tolist()[2] == 9007199254740993
    assert str(table["more"].dtype) == "boolean"
    assert str(table["f"].dtype) == "float64"


def test_own_query_without_rows_keeps_its_columns(store):
    assert list(run(store, adhoc("MATCH (n:NMC) RETURN n.label AS label, n.phase AS phase")).columns) == [
        "label",
        "phase",
    ]


def test_own_query_may_pack_its_rows(store):
    packed = "UNWIND range(1, 5) AS n WITH n % 2 AS odd, n RETURN collect({n: n, odd: odd = 1, half: n / 2.0}) AS rows"
    table = run(store, adhoc(packed))
    assert sorted(table["n"]) == [1, 2, 3, 4, 5]
    assert [str(table[name].dtype) for name in ("n", "odd", "half")] == ["int64", "bool", "float64"]
    assert run(store, adhoc("RETURN [1, 2] AS rows"))["rows"].tolist() == [[1, 2]]
    assert list(run(store, adhoc("MATCH (n:NMC) RETURN n.label AS rows")).columns) == ["rows"]


def test_slabs_lose_no_row(store, changed):
    """More particles than one record packs (2000): every row is there once, in order."""
    rows = changed()
    n = 4500
    many = pd.concat([rows.particles.iloc[[2]]] * n, ignore_index=True).assign(label=range(1, n + 1))
    links = pd.concat([rows.contacts.iloc[[0]]] * (n - 1), ignore_index=True).assign(
        a=range(1, n), b=range(2, n + 1)
    )
    none = {name: getattr(rows, name).iloc[:0] for name in ("tpbs", "channels", "local_channels", "nearest")}
    about = {
        **rows.segmentation,
        "n_particles": n,
        "n_contacts": n - 1,
        "n_tpbs": 0,
        "n_physical_tpbs": 0,
        "n_channel_pairs": 0,
    }
    write_image(
        store,
        changed(particles=many, contacts=links, segmentation=about, **none),
        IngestRunRecord.of_memory("x"),
    )
    assert ask(store, "particles").label.tolist() == list(range(1, n + 1))
    contacts = ask(store, "contacts")
    assert contacts.a.tolist() == list(range(1, n))
    assert (contacts.b - contacts.a == 1).all()
    assert ask(store, "neighbour_counts").neighbours.sum() == 2 * (n - 1)


def test_no_row_cap(store):
    assert len(run(store, adhoc("UNWIND range(1, 25000) AS n RETURN n"))) == 25_000


def test_time_limit_ends_the_query(store):
    endless = adhoc("UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b RETURN sum(a * b) AS s")
    with pytest.raises(QueryTimeout, match=r"after its limit of 0\.5 s"):
        run(store, endless, timeout_s=0.5)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MATCH (n RETURN n", "Invalid input"),
        ("RETURN m", "`m` not defined"),
        ("RETURN 1; RETURN 2", "Expected exactly one statement"),
        ("RETURN 1/0 AS x", "/ by zero"),
        ("RETURN toInteger({a: 1}) AS x", "Type mismatch"),
    ],
)
def test_wrong_query_says_what_is_wrong(store, text, found):
    with pytest.raises(QueryError, match=found):
        run(store, adhoc(text))


def test_missing_parameter_of_own_query(store):
    with pytest.raises(ParameterError, match="no value for parameter id"):
        run(store, adhoc("RETURN $id AS id"))
    assert run(store, adhoc("RETURN $id AS id"), {"id": "100"})["id"].tolist() == ["100"]

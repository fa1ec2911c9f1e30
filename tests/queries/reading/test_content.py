"""The content hash: equal for equal content, in any order, different for any difference."""

import dataclasses

from toy_rows import make_toy_rows

from cathograph.queries.reading.content import content_hash, counts
from cathograph.queries.writing.images import IngestRunRecord, write_image


def write(store, rows):
    write_image(store, rows, IngestRunRecord.of_memory("toy"))


def empty(server):
    with server.driver() as driver:
        driver.execute_query("MATCH (n) WHERE NOT n:SchemaVersion DETACH DELETE n")


def test_order_of_writing_does_not_matter(store, neo4j_server):
    rows = [make_toy_rows(image=name, key=f"key {name}") for name in ("a", "b", "c")]
    hashes = set()
    for order in (rows, rows[::-1]):
        for each in order:
            write(store, each)
        hashes.add(content_hash(store))
        empty(neo4j_server)
    assert len(hashes) == 1


def test_any_difference_shows(store, neo4j_server):
    rows = make_toy_rows()
    changes = [
        rows,
        dataclasses.replace(rows, contacts=rows.contacts.assign(gap_px=[1, 1, 1, 3, 1])),
        dataclasses.replace(rows, particles=rows.particles.assign(convexity=[1.0, 1.0, 1.0, 1.0, 0.9])),
        dataclasses.replace(rows, nearest=rows.nearest.assign(nearest=[5, 1, 2])),
        dataclasses.replace(rows, segmentation={**rows.segmentation, "version": "2"}),
        make_toy_rows(cathode="LCD"),
        make_toy_rows(sample="s2"),
    ]
    hashes = []
    for each in changes:
        write(store, each)
        hashes.append(content_hash(store))
        empty(neo4j_server)
    assert len(set(hashes)) == len(changes)
    assert content_hash(store) not in hashes


def test_one_more_relationship_shows(toy_store, neo4j_server):
    before = content_hash(toy_store)
    with neo4j_server.driver() as driver:
        driver.execute_query(
            "MATCH (a:NMC {label: 1})-[c:CONTACT]->(b:SSE) CREATE (a)-[d:CONTACT]->(b) SET d = c"
        )
    assert content_hash(toy_store) != before


def test_counts(store, toy_rows):
    assert counts(store) == {"SchemaVersion": 1}
    write(store, toy_rows())
    assert counts(store)["CONTACT"] == 5

"""Some of `make faults`, in its short form: less often and smaller, against the test server."""

import os
import random

import pytest

from cathograph.benchmarks.reliability.faults import disturbances
from cathograph.benchmarks.reliability.faults.malformed import damage, malformed_files
from cathograph.benchmarks.reliability.faults.site import Observer, Site
from cathograph.benchmarks.reliability.faults.tally import Tally, as_table
from cathograph.queries.server.connection import connect


@pytest.fixture
def site(neo4j_server, clean_store, tmp_path):
    environment = os.environ | {
        "NEO4J_URI": neo4j_server.uri,
        "NEO4J_USER": neo4j_server.user,
        "NEO4J_PASSWORD": neo4j_server.password,
        "CATHOGRAPH_HOME": str(tmp_path / "home"),
    }

    def open_store():
        return connect(neo4j_server.uri, neo4j_server.user, neo4j_server.password)

    return Site(tmp_path / "beamtime", environment, open_store, limit_s=300)


def assert_clean(tally, *, at_least=1):
    assert tally.is_clean, f"{as_table([tally])}\n{tally.notes}"
    assert tally.times >= at_least


def test_malformed_files_are_refused_and_harm_nobody():
    assert_clean(malformed_files(number=120, seed=7), at_least=120)


@pytest.mark.neo4j
def test_services_killed(site):
    assert_clean(disturbances.client_killed(site, times=2, images=3), at_least=2)


@pytest.mark.neo4j
@pytest.mark.slow
@pytest.mark.parametrize(
    "disturb",
    [
        lambda site: disturbances.two_processes(site, images=3),
        lambda site: disturbances.two_services(site, images=4),
        lambda site: disturbances.replaced_while_read(site, times=4),
        lambda site: disturbances.clock_forward(site, times=2),
        disturbances.clock_back,
        lambda site: disturbances.many_files(site, images=20),
    ],
    ids=["two_processes", "two_services", "replaced", "clock_forward", "clock_back", "many_files"],
)
def test_disturbed(site, disturb):
    assert_clean(disturb(site))


class TestCounting:
    """What counts faults must see them."""

    @pytest.mark.neo4j
    def test_what_is_lost_doubled_or_half_is_seen(self, site, clean_store):
        tally = Tally("made by this test")
        site.drop([1, 2, 3], side=64)
        site.work_off(tally)
        site.count(tally)
        assert (tally.lost, tally.doubled, tally.tracebacks, tally.hangs) == (0, 0, 0, 0), tally.notes
        clean_store.write(lambda tx: tx.run("MATCH (n:SSE) WITH n LIMIT 1 DETACH DELETE n"))
        clean_store.write(
            lambda tx: tx.run(
                "MATCH (s:Segmentation)-[:SEGMENTS]->(i:Image {id: '3'}) WITH s, i LIMIT 1 "
                "CREATE (c)-[:SEGMENTS]->(i) SET c = properties(s) SET c.key = 'copy', c.n_particles = 0, "
                "c.n_contacts = 0, c.n_tpbs = 0, c.n_physical_tpbs = 0 SET c:Segmentation"
            )
        )
        with Observer(site, tally):
            assert site.wait_until(lambda: tally.half_visible > 0, tally, "a look")
        site.count(tally)
        assert tally.lost >= 1
        assert tally.doubled >= 1

    @pytest.mark.parametrize(
        ("program", "counted", "note"),
        [
            ("raise ValueError", (1, 0), "ValueError"),
            ("import os; os.abort()", (1, 0), "its reader died, code -6"),
            ("while True: pass", (0, 1), "did not end"),
        ],
    )
    def test_readers_that_break_are_seen(self, program, counted, note, monkeypatch, tmp_path):
        """A reader that raises, dies or never ends in the place of ours."""
        from cathograph.benchmarks.reliability.faults import malformed

        (tmp_path / "sitecustomize.py").write_text(
            "from cathograph.ingest import formats\n"
            f"def broken(path):\n    {program}\n"
            "formats.open_image = broken\n"
        )
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        if counted == (0, 1):
            monkeypatch.setattr(malformed, "_LIMIT_S", 8.0)
        tally = malformed_files(number=1, seed=1)
        assert (tally.tracebacks, tally.hangs) == counted, tally.notes
        assert any(note in each for each in tally.notes)

    def test_damage_damages(self):
        content = bytes(range(256)) * 8
        damaged = [damage(content, random.Random(seed)) for seed in range(40)]  # noqa: S311
        assert content not in damaged
        assert len(set(damaged)) > 35
        assert all(len(each) < 2 * len(content) for each in damaged)

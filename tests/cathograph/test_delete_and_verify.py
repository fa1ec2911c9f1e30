"""`delete` and `verify` as a user meets them, against the test server."""

import io
import json

import numpy as np
import pytest
import tifffile

from cathograph.phantom.microstructure import make_microstructure
from cathograph.queries.reading.content import counts


class Terminal(io.StringIO):
    """Somebody to ask."""

    def isatty(self):
        return True


SPEC = "0=background,1=SSE,2=NMC,3=Graphite"


@pytest.fixture
def files(tmp_path):
    """Two images in a folder."""
    folder = tmp_path / "beamtime"
    folder.mkdir()
    for seed in (1, 2):
        made = make_microstructure((64, 64), preset="BLE", seed=seed)
        tifffile.imwrite(folder / f"{seed}.tif", made.phases)
    return folder


@pytest.fixture
def ingested(cathograph, files):
    code, _, err = cathograph(
        "ingest", files / "1.tif", files / "2.tif", "--as", "phases", "--phases", SPEC,
        "--sample", "s 'one'", "--pixel-size-nm", "30",
    )  # fmt: skip
    assert code == 0, err
    return files


@pytest.mark.neo4j
class TestDelete:
    """Shows, asks, deletes."""

    def test_shows_then_deletes(self, cathograph, clean_store, ingested):
        code, out, err = cathograph("delete", "--sample", "s 'one'", "--dry-run", "--json")
        listed = json.loads(out)
        assert (code, listed["deleted"], [row["image"] for row in listed["images"]]) == (0, False, ["1", "2"])
        particles = sum(row["particles"] for row in listed["images"])
        assert counts(clean_store)["Particle"] == particles
        code, out, err = cathograph("delete", "--sample", "s 'one'")
        assert (code, "--dry-run" in err) == (1, True)
        assert counts(clean_store)["Particle"] == particles
        code, out, err = cathograph("delete", "--sample", "s 'one'", "--image", "1", "--yes")
        assert (code, err.count("Error")) == (0, 0), err
        assert "Deleted image 1 with" in out
        assert counts(clean_store)["Image"] == 1
        code, out, err = cathograph("delete", "--sample", "s 'one'", "--yes", "--json")
        assert (code, json.loads(out)["deleted"]) == (0, True)
        assert set(counts(clean_store)) <= {"SchemaVersion"}

    def test_asks_on_a_terminal(self, cathograph, clean_store, ingested, monkeypatch):
        monkeypatch.setattr("io.StringIO", Terminal)  # what the fixture gives as standard input
        code, _, err = cathograph("delete", "--sample", "s 'one'", stdin="n\n")
        assert (code, "Nothing was deleted" in err) == (1, True)
        assert counts(clean_store)["Image"] == 2
        code, out, _ = cathograph("delete", "--sample", "s 'one'", stdin="y\n")
        assert (code, "Deleted 2 images" in out) == (0, True)

    def test_nothing_of_that_name(self, cathograph):
        code, _, err = cathograph("delete", "--sample", "none", "--yes")
        assert (code, "Found no sample 'none'" in err) == (1, True)


@pytest.mark.neo4j
class TestVerify:
    """The store beside its files."""

    def states(self, cathograph, *options):
        code, out, err = cathograph("verify", "--json", *options)
        assert "Traceback" not in err
        return code, {row["image"]: (row["state"], row["reason"]) for row in json.loads(out)}

    def test_same_changed_gone_unplaced(self, cathograph, ingested):
        code, found = self.states(cathograph, "--files", ingested)
        assert (code, found) == (0, {"1": ("same", ""), "2": ("same", "")})
        code, out, _ = cathograph("verify", "--quick", "--files", ingested)
        assert (code, out) == (0, "2 of 2 images agree with their files.\n")

        assert self.states(cathograph)[0] == 0, "runs know where their files lay"

        (ingested / "2.tif").rename(ingested / "moved.tif")
        pixels = tifffile.imread(ingested / "1.tif")
        pixels[0, 0] = (pixels[0, 0] + 1) % 4
        tifffile.imwrite(ingested / "1.tif", pixels)
        code, found = self.states(cathograph)
        assert (code, found["1"][0], found["2"][0]) == (1, "changed", "gone")
        assert self.states(cathograph, "--files", ingested) == (code, found)
        # The right bytes elsewhere in the folder are as good.
        (ingested / "deeper").mkdir()
        (ingested / "moved.tif").rename(ingested / "deeper" / "2.tif")
        assert self.states(cathograph, "--files", ingested, "--image", "2") == (0, {"2": ("same", "")})

    def test_a_store_that_was_tampered_with(self, cathograph, clean_store, ingested):
        clean_store.write(lambda tx: tx.run("MATCH (n:NMC) WITH n LIMIT 1 DETACH DELETE n"))
        code, found = self.states(cathograph, "--files", ingested, "--quick")
        assert code == 1
        (reason,) = [reason for state, reason in found.values() if state == "differs"]
        assert "particles (" in reason
        assert "noted)" in reason

    def test_counts_that_the_file_does_not_give(self, cathograph, clean_store, ingested):
        """Contacts are fewer in the store and in its own notes: only computing again tells."""
        clean_store.write(
            lambda tx: tx.run(
                "MATCH (s:Segmentation)<-[:IN]-()-[c:CONTACT]->() WITH s, c LIMIT 1 DELETE c "
                "SET s.n_contacts = s.n_contacts - 1"
            )
        )
        assert self.states(cathograph, "--files", ingested, "--quick")[0] == 0
        code, found = self.states(cathograph, "--files", ingested)
        assert code == 1
        assert sorted(state for state, _ in found.values()) == ["differs", "same"]
        assert any("contacts (" in reason and "in the file" in reason for _, reason in found.values())

    def test_a_map_whose_file_changed(self, cathograph, ingested):
        energies = np.full((64, 64), 8343.0, np.float32)
        tifffile.imwrite(ingested / "map.tif", energies)
        add = (
            "ingest-map", ingested / "map.tif", "--sample", "s 'one'", "--image", "1",
            "--labels", ingested / "1.tif",
        )  # fmt: skip
        assert cathograph(*add)[0] == 0
        assert self.states(cathograph, "--files", ingested)[0] == 0
        tifffile.imwrite(ingested / "map.tif", energies + 1)
        code, found = self.states(cathograph, "--files", ingested)
        assert (code, found["1"][0], "map.tif" in found["1"][1]) == (1, "changed", True)

    def test_rows_of_a_notebook_have_no_file(self, cathograph, clean_store):
        from toy_rows import make_toy_rows

        from cathograph.queries.writing.images import IngestRunRecord, write_image

        write_image(clean_store, make_toy_rows(), IngestRunRecord.of_memory("notebook"))
        code, found = self.states(cathograph, "--quick")
        assert (code, found["field"][0]) == (1, "unplaced")

    def test_nothing_stored_and_no_folder(self, cathograph, tmp_path):
        code, _, err = cathograph("verify", "--sample", "none")
        assert (code, "no such image" in err) == (1, True)
        code, _, err = cathograph("verify", "--files", tmp_path / "nowhere")
        assert (code, "no folder" in err) == (1, True)

"""From a number back to its file, and a sample as an RO-Crate that its own validator takes."""

import hashlib
import importlib.resources
import json

import numpy as np
import pandas as pd
import pytest
import tifffile

from cathograph.phantom.microstructure import make_microstructure
from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run

pytestmark = pytest.mark.long

SPEC = "0=background,1=SSE,2=NMC,3=Graphite"


@pytest.fixture
def ingested(cathograph, tmp_path, clean_store):
    """One image with a map; gives its file and its segmentation's key."""
    made = make_microstructure((64, 64), preset="BLE", seed=1)
    file = tmp_path / "1.tif"
    tifffile.imwrite(file, made.phases)
    tifffile.imwrite(tmp_path / "map.tif", np.full((64, 64), 8343.0, np.float32))
    code, _, err = cathograph(
        "ingest", file, "--as", "phases", "--phases", SPEC, "--sample", "s/1 ä", "--pixel-size-nm", "30",
        "--beamtime", "b1", "--energy-map", tmp_path / "map.tif",
    )  # fmt: skip
    assert code == 0, err
    return file, str(run(clean_store, load("segmentations"), {})["segmentation"][0])


@pytest.mark.neo4j
class TestProvenance:
    """Each kind of key."""

    def test_of_a_particle(self, cathograph, ingested):
        file, key = ingested
        code, out, _ = cathograph("provenance", f"{key}:1", "--json")
        found = json.loads(out)
        assert (code, found["kind"], found["particle"]["label"]) == (0, "particle", 1)
        of = found["segmentation"]
        assert (of["sample"], of["image"], of["beamtime"]) == ("s/1 ä", "1", "b1")
        assert of["properties"]["params"]["pixel_size_um"] == 0.03
        (written,) = of["runs"]
        assert written["file_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert written["file_name"] == "1.tif"
        assert written["code_version"]
        assert written["started"] <= written["finished"]
        (measured,) = found["measured"]
        assert (measured["kind"], measured["runs"][0]["file_name"]) == ("measurement", "map.tif")
        code, out, _ = cathograph("provenance", f"{key}:1")
        assert code == 0
        assert out.startswith(f"particle {key}:1\n")
        assert written["file_sha256"] in out

    def test_of_segmentation_measurement_and_run(self, cathograph, ingested):
        _, key = ingested
        segmentation = json.loads(cathograph("provenance", key, "--json")[1])
        assert segmentation["kind"] == "segmentation"
        (measured,) = segmentation["measured"]
        measurement = json.loads(cathograph("provenance", measured["key"], "--json")[1])
        assert measurement["segmentation"]["key"] == key
        (written,) = segmentation["runs"]
        run_record = json.loads(cathograph("provenance", written["id"], "--json")[1])
        assert (run_record["kind"], [each["key"] for each in run_record["wrote"]]) == ("run", [key])

    def test_of_a_job_of_a_watched_folder(self, cathograph, ingested, tmp_path, clean_store):
        """The job's hash is not the run's identifier; its image and bytes lead to what it wrote."""
        file, _ = ingested
        folder = tmp_path / "watched"
        folder.mkdir()
        (folder / "5.tif").write_bytes(file.read_bytes())
        (folder / "beamtime.yaml").write_text(
            f"pixel_size_nm: 30\nfiles:\n  - {{pattern: '*.tif', as: phases, phases: '{SPEC}', sample: w}}\n"
        )
        assert cathograph("watch", folder, "--once", "--settle-s", "0.2")[0] == 0
        jobs = run(clean_store, load("jobs"), {})
        found = json.loads(cathograph("provenance", jobs["job"][0], "--json")[1])
        assert (found["kind"], found["properties"]["file_name"], found["wrote"][0]["sample"]) == (
            "job",
            "5.tif",
            "w",
        )
        segmentation = json.loads(cathograph("provenance", found["wrote"][0]["key"], "--json")[1])
        assert [job["folder"] for job in segmentation["jobs"]] == [str(folder)]

    @pytest.mark.parametrize("key", ["nothing", "nothing:7", "x:99999999999999999999999999", "' OR 1=1 //"])
    def test_of_nothing(self, cathograph, key):
        code, _, err = cathograph("provenance", key)
        assert (code, "Found nothing with key" in err) == (1, True)


def validate(folder, monkeypatch):
    """Run the validator of the RO-Crate community on a crate; give what it finds to be against the specification."""
    from rocrate_validator import models, services
    from rocrate_validator.utils import document_loader

    # The vocabulary comes from the rocrate package in place of the network, for the terms of 1.1 are in it.
    vocabulary = json.loads((importlib.resources.files("rocrate") / "data" / "ro-crate.jsonld").read_text())
    monkeypatch.setattr(document_loader, "_fetch_json_ld", lambda _address: vocabulary)
    found = []
    for profile in ("ro-crate-1.1", "process-run-crate-0.5"):
        settings = services.ValidationSettings(
            rocrate_uri=str(folder),
            profile_identifier=profile,
            requirement_severity=models.Severity.REQUIRED,
            no_cache=True,
        )
        # Two checks ask the network for the vocabulary's address, whatever is loaded; they say nothing of our crate.
        found += [
            (issue.check.identifier, issue.message)
            for issue in services.validate(settings).get_issues()
            if "Unable to retrieve the JSON-LD context" not in (issue.message or "")
            and "HTTPSConnectionPool" not in (issue.message or "")
        ]
    return found


@pytest.mark.neo4j
@pytest.mark.filterwarnings("ignore")  # those of the validator
class TestRoCrate:
    """`export --format ro-crate`."""

    def test_is_valid_and_complete(self, cathograph, ingested, tmp_path, monkeypatch, clean_store):
        file, key = ingested
        crate = tmp_path / "crates" / "s1"
        command = ("export", "--format", "ro-crate", "--sample", "s/1 ä", "--out", crate)
        code, out, err = cathograph(*command, "--licence", "https://creativecommons.org/licenses/by/4.0/")
        assert code == 0, err
        assert "particles" in out
        assert validate(crate, monkeypatch) == []
        particles = pd.read_csv(crate / "particles.csv")
        assert len(particles) == len(run(clean_store, load("particles"), {}))
        metadata = json.loads((crate / "ro-crate-metadata.json").read_text())
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        assert any(each["@id"] == f"#sha256-{sha256}" for each in metadata["@graph"])
        (record,) = json.loads((crate / "provenance.json").read_text())
        assert record["key"] == key
        assert str(tmp_path) not in (crate / "provenance.json").read_text(), "no path of this machine"
        assert [path.name for path in crate.parent.iterdir()] == ["s1"], "nothing half-made beside it"
        # A crate that is damaged is found to be.
        metadata["@graph"] = [each for each in metadata["@graph"] if each["@id"] != "./"]
        (crate / "ro-crate-metadata.json").write_text(json.dumps(metadata))
        assert validate(crate, monkeypatch) != []
        code, _, err = cathograph(*command)
        assert (code, "there already" in err) == (1, True)

    def test_refused(self, cathograph, tmp_path):
        out = tmp_path / "crate"
        export = ("export", "--out", out, "--format")
        assert "no sample 'none'" in cathograph(*export, "ro-crate", "--sample", "none")[2]
        assert "no single sample" in cathograph(*export, "ro-crate")[2]
        assert "--licence" in cathograph(*export, "csv", "--licence", "x")[2]
        assert not out.exists()

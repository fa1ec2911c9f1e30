"""The command line as a user meets it: right input, wrong input, exit codes, one-line errors."""

import io
import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import tifffile

from cathograph.queries.catalog import all_read_queries

PHASES = "0=background,1=NMC,2=SSE,3=Graphite"


@pytest.fixture
def cathograph_alone(call, monkeypatch):
    """Run the command line where no database is needed: any attempt to reach one fails."""
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:1")
    monkeypatch.setenv("NEO4J_PASSWORD", "none")
    return call


@pytest.fixture
def mask(tmp_path):
    """Two NMC, an SSE and a graphite region; values as in PHASES."""
    image = np.zeros((40, 60), np.uint8)
    image[4:18, 4:26] = 1
    image[4:18, 34:56] = 1
    image[20:28, 4:56] = 2
    image[4:18, 28:32] = 3
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, image)
    return path


def refused(result, *words):
    """Check that the command failed with one line that holds these words."""
    code, out, err = result
    assert code == 1
    assert out == ""
    lines = [line for line in err.splitlines() if re.match("Error:|mask|(/.*)?bad", line)]
    assert len(lines) == 1, err
    for word in words:
        assert word in lines[0]


@pytest.mark.neo4j
class TestIngestAndQuery:
    """Right input, from the first image to the doctor."""

    def ingest(self, cathograph, path, *more, sample="s1"):
        return cathograph(
            "ingest",
            path,
            "--as",
            "phases",
            "--phases",
            PHASES,
            "--sample",
            sample,
            "--pixel-size-nm",
            "50",
            *more,
        )

    def test_first_image_and_first_query(self, cathograph, mask):
        code, out, _ = self.ingest(cathograph, mask, "--json")
        assert code == 0
        record = json.loads(out)[0]
        assert record["state"] == "written"
        assert (record["image"], record["particles"]) == ("mask", 4)
        code, out, _ = cathograph("query", "tpbs", "--param", "sample=s1", "--format", "csv")
        assert code == 0
        table = pd.read_csv(io.StringIO(out))
        required = [
            "image",
            "nmc",
            "sse",
            "graphite",
            "perimeter_um",
            "interface_ratio",
            "junctions",
            "is_physical",
        ]
        assert list(table.columns)[: len(required)] == required
        assert len(table) == 2
        code, out, _ = cathograph("query", "concurrent_channels", "--param", "image=mask", "--format", "json")
        assert code == 0
        assert [(row["via_sse"], row["via_graphite"]) for row in json.loads(out)] == [(1, 1)]

    def test_twice_is_unchanged_and_a_new_pixel_size_is_a_new_version(self, cathograph, mask):
        assert self.ingest(cathograph, mask)[0] == 0
        _, out, _ = self.ingest(cathograph, mask, "--json")
        assert json.loads(out)[0]["state"] == "unchanged"
        code, out, _ = cathograph(
            "ingest",
            mask,
            "--as",
            "phases",
            "--phases",
            PHASES,
            "--sample",
            "s1",
            "--pixel-size-nm",
            "60",
            "--json",
        )
        assert code == 0
        assert json.loads(out)[0]["state"] == "written"
        _, out, _ = cathograph("query", "particles", "--format", "csv")
        assert len(pd.read_csv(io.StringIO(out))) == 4, "the older version must be out of sight"
        _, out, _ = cathograph("query", "segmentations", "--format", "csv")
        assert sorted(pd.read_csv(io.StringIO(out))["active"]) == [False, True]

    def test_every_format(self, cathograph, mask, tmp_path):
        self.ingest(cathograph, mask)
        for suffix, read in {"csv": pd.read_csv, "json": pd.read_json, "parquet": pd.read_parquet}.items():
            file = tmp_path / f"contacts.{suffix}"
            code, _, err = cathograph("query", "contacts", "--out", file)
            assert code == 0, err
            assert len(read(file)) == 5
        code, out, _ = cathograph("query", "contacts")
        assert code == 0
        assert "weight_px" in out

    def test_a_query_from_standard_input_and_from_a_file(self, cathograph, mask, tmp_path):
        self.ingest(cathograph, mask)
        text = "MATCH (n:NMC) WHERE n.area_px > $least RETURN count(n) AS n"
        code, out, _ = cathograph("query", "-", "--param", "least=10", "--format", "csv", stdin=text)
        assert (code, out) == (0, "n\n2\n")
        file = tmp_path / "mine.cypher"
        file.write_text(text)
        assert cathograph("query", file, "-p", "least=10", "-f", "csv")[1] == "n\n2\n"

    def test_sample_names_are_text_and_nothing_else(self, cathograph, mask):
        for name in ('O\'Brien "x"', "a/b", "µm <script>", "x' RETURN 1 //", "] [bold]"):
            assert self.ingest(cathograph, mask, sample=name)[0] == 0
            code, out, _ = cathograph("query", "samples", "--param", f"sample={name}", "--format", "json")
            assert code == 0
            assert [row["sample"] for row in json.loads(out)] == [name]
        assert name in cathograph("query", "samples")[1], "rich must not read names as markup"

    def test_one_bad_file_does_not_stop_the_others(self, cathograph, mask, tmp_path):
        bad = tmp_path / "bad.tif"
        bad.write_bytes(mask.read_bytes()[:100])
        code, out, err = self.ingest(cathograph, bad, mask, "--json")
        assert code == 1
        assert [row["state"] for row in json.loads(out)] == ["failed", "written"]
        assert err.count("\n") <= 3

    def test_a_stack_is_a_volume_of_slices(self, cathograph, mask, tmp_path):
        stack = tmp_path / "stack.tif"
        page = tifffile.imread(mask)
        tifffile.imwrite(stack, np.stack([page, page[::-1], page]), photometric="minisblack")
        code, out, _ = self.ingest(cathograph, stack, "--json")
        assert code == 0
        assert [row["image"] for row in json.loads(out)] == ["stack#0", "stack#1", "stack#2"]
        assert self.ingest(cathograph, stack, "--volume", sample="s3d")[0] == 0
        _, out, _ = cathograph("query", "particles", "--param", "sample=s3d", "--format", "csv")
        table = pd.read_csv(io.StringIO(out))
        assert table["centroid_z"].notna().all()
        assert table["area_um2"].isna().all()
        assert table["volume_um3"].notna().all()

    def test_queries_that_write_are_refused(self, cathograph, mask):
        self.ingest(cathograph, mask)
        for text in ("MATCH (n) DETACH DELETE n", "LOAD CSV FROM 'file:///etc/passwd' AS x RETURN x"):
            code, _, err = cathograph("query", "-", stdin=text)
            assert code == 1
            assert err.startswith("Error:")
        _, out, _ = cathograph("query", "particles", "--format", "csv")
        assert len(pd.read_csv(io.StringIO(out))) == 4

    def test_doctor_sees_the_store(self, cathograph):
        code, out, _ = cathograph("doctor", "--json")
        assert code == 0
        assert any(line["part"] == "database" and line["state"] == "fine" for line in json.loads(out))


class TestWrongInput:
    """Each is found before any database is asked, or without writing to it."""

    def ingest(self, cathograph, path, *more):
        return cathograph("ingest", path, "--sample", "s1", "--dry-run", *more)

    def test_no_pixel_size(self, cathograph_alone, mask):
        refused(
            self.ingest(cathograph_alone, mask, "--as", "phases", "--phases", PHASES),
            "pixel size",
            "--pixel-size-nm",
        )

    def test_phases_missing(self, cathograph_alone, mask):
        refused(self.ingest(cathograph_alone, mask, "--as", "phases", "--pixel-size-nm", 50), "--phases")

    def test_unknown_phase(self, cathograph_alone, mask):
        result = self.ingest(
            cathograph_alone, mask, "--as", "phases", "--phases", "0=NCM", "--pixel-size-nm", 50
        )
        refused(result, "NCM", "Graphite")

    def test_value_without_phase(self, cathograph_alone, mask):
        result = self.ingest(
            cathograph_alone, mask, "--as", "phases", "--phases", "0=background,1=NMC", "--pixel-size-nm", 50
        )
        refused(result, "2", "3")

    def test_missing_file(self, cathograph_alone, tmp_path):
        result = self.ingest(
            cathograph_alone,
            tmp_path / "bad.tif",
            "--as",
            "phases",
            "--phases",
            PHASES,
            "--pixel-size-nm",
            50,
        )
        refused(result, "bad.tif")
        assert result[2].count("bad.tif") == 1  # one name is enough

    def test_constant_grey_image(self, cathograph_alone, tmp_path):
        path = tmp_path / "bad.tif"
        tifffile.imwrite(path, np.full((40, 40), 7, np.uint16))
        refused(self.ingest(cathograph_alone, path, "--pixel-size-nm", 50), "without contrast")

    @pytest.mark.parametrize("value", ["-5", "0", "nan", "inf"])
    def test_impossible_pixel_size(self, cathograph_alone, mask, value):
        result = self.ingest(
            cathograph_alone, mask, "--as", "phases", "--phases", PHASES, "--pixel-size-nm", value
        )
        refused(result, "--pixel-size-nm")

    def test_two_images_of_one_name(self, cathograph_alone, mask, tmp_path):
        other = mask.with_suffix(".tiff")
        other.write_bytes(mask.read_bytes())
        result = cathograph_alone(
            "ingest", mask, other, "--sample", "s", "--dry-run", "--as", "phases", "--phases", PHASES,
            "--pixel-size-nm", 50,
        )  # fmt: skip
        refused(result, "mask", "--image")

    def test_the_list_of_queries_in_a_pipe_has_short_lines(self, cathograph_alone):
        code, out, _ = cathograph_alone("queries")
        assert code == 0
        assert max(len(line) for line in out.splitlines()) <= 120
        for query in all_read_queries():
            assert re.search(rf"^ {re.escape(query.name)} ", out, re.MULTILINE), query.name

    def test_no_database(self, cathograph_alone):
        refused(cathograph_alone("query", "particles"), "no Neo4j", "NEO4J_URI")

    def test_unknown_query_and_parameter(self, cathograph_alone):
        refused(cathograph_alone("query", "tpb"), "tpbs")
        refused(cathograph_alone("query", "tpbs", "--param", "smaple=1"), "smaple", "sample")
        refused(cathograph_alone("query", "tpbs", "--param", "sample"), "name=value")

    def test_dry_run_needs_no_database(self, cathograph_alone, mask):
        code, out, err = self.ingest(
            cathograph_alone, mask, "--as", "phases", "--phases", PHASES, "--pixel-size-nm", 50, "--json"
        )
        assert code == 0, err
        assert json.loads(out)[0]["state"] == "computed"


def test_help_answers_without_the_image_extras(cathograph_alone):
    code, out, _ = cathograph_alone("--help")
    assert code == 0
    for command in ("demo", "db", "ingest", "query", "queries", "bench", "doctor"):
        assert command in out


@pytest.mark.parametrize(
    "module", ["cathograph", "cathograph.cli", "cathograph.queries.reading.runner", "cathograph.schema.rows"]
)
def test_light_imports(module):
    """Asking questions needs neither compiled image code nor torch nor a dashboard."""
    heavy = "{'numba', 'skimage', 'torch', 'streamlit', 'matplotlib'}"
    script = f"import sys, {module}; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_command_line_starts_without_numpy():
    """Help and completion answer at once: numpy, pandas, driver and HDF5 are read by commands that need them."""
    heavy = "{'numpy', 'pandas', 'scipy', 'neo4j', 'h5py', 'tifffile'}"
    script = f"import sys, cathograph.cli; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

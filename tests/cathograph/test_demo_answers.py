"""What the demo store answers: recipes and notebooks of docs/, the report beside the queries, and the exports.

The store is that of ``cathograph demo --images 2``, made with the demo's own functions.
"""

import ast
import io
import subprocess
import sys

import nbformat
import numpy as np
import pandas as pd
import pytest
import tifffile
from recipes_page import PAGE, answer_of, read_recipes
from repository import ROOT

import cathograph
from cathograph.analysis.exports.graph_files import read_graph
from cathograph.analysis.exports.table_files import read_tables
from cathograph.analysis.statistics.electrode_statistics import compute_electrode_statistics
from cathograph.analysis.tables.electrode_tables import METRICS
from cathograph.cli import main
from cathograph.commands.demo import fill_demo_store
from cathograph.queries.catalog import adhoc
from cathograph.queries.reading.runner import run
from cathograph.schema.composites import SSB_CATHODE
from cathograph.settings import Settings
from cathograph.writing import WritableStore

pytestmark = [pytest.mark.neo4j, pytest.mark.long]

RECIPES = read_recipes(PAGE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def demo_files(clean_store, neo4j_server, tmp_path_factory):
    """Fill the store as ``cathograph demo --images 2`` does; gives the phase images by cathode kind."""
    store = WritableStore(clean_store, Settings(neo4j_uri=neo4j_server.uri))
    return fill_demo_store(store, tmp_path_factory.mktemp("demo"), 2)


@pytest.fixture(scope="module")
def demo_store(clean_store, demo_files):
    """Give the filled store."""
    return clean_store


@pytest.fixture
def on_demo_store(demo_store, neo4j_server, monkeypatch):
    """Point the environment to the demo store."""
    monkeypatch.setenv("NEO4J_URI", neo4j_server.uri)
    monkeypatch.setenv("NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j_server.password)


@pytest.fixture
def call(on_demo_store, monkeypatch, capfd, tmp_path):
    """Run the command line on the demo store, in an empty folder; gives (code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run_command(*arguments):
        monkeypatch.setattr("sys.argv", ["cathograph", *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run_command


def refused(result, *words):
    code, out, err = result
    assert code == 1
    assert out == ""
    (line,) = [line for line in err.splitlines() if line.startswith("Error:")]
    for word in words:
        assert word in line


class TestRecipes:
    """docs/recipes.md."""

    def test_there_are_at_least_twenty_numbered_in_order(self):
        assert len(RECIPES) >= 20
        assert [each.number for each in RECIPES] == list(range(1, len(RECIPES) + 1))

    @pytest.mark.parametrize("recipe", RECIPES, ids=lambda each: str(each.number))
    def test_the_answer_is_the_one_of_the_page(self, demo_store, recipe):
        table = run(demo_store, adhoc(recipe.cypher), {})
        assert len(table)
        assert recipe.answer == answer_of(table)


NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
RUN_NOTEBOOK = ROOT / "tests" / "run_notebook.py"


class TestNotebooks:
    """docs/notebooks/."""

    def test_they_are_the_two_of_the_page(self):
        page = PAGE.read_text(encoding="utf-8")
        assert [path.stem for path in NOTEBOOKS] == ["across_samples", "first_look"]
        assert all(f"docs/notebooks/{path.name}" in page for path in NOTEBOOKS)

    @pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
    def test_they_are_stripped_and_need_no_more_than_the_readme_says(self, path):
        cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        assert all(not cell.outputs and cell.execution_count is None for cell in cells)
        tree = ast.parse("\n".join(cell.source for cell in cells))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {alias.name.split(".")[0] for node in imports for alias in node.names}
        assert all(isinstance(node, ast.Import) for node in imports)
        assert names <= {"cathograph", "pandas", "matplotlib"}

    @pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
    def test_they_run(self, on_demo_store, monkeypatch, tmp_path, path):
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            monkeypatch.setenv(name, str(tmp_path / name))  # not the user's own
        monkeypatch.delenv(
            "MPLBACKEND", raising=False
        )  # Streamlit sets it, and then a notebook shows no figure
        done = subprocess.run(
            [sys.executable, RUN_NOTEBOOK, path, tmp_path / "run.ipynb"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        notebook = nbformat.read(tmp_path / "run.ipynb", 4)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
        assert not [output for output in outputs if output.output_type == "stream"], "no warning is printed"
        assert sum("image/png" in output.data for output in outputs) == 2
        tables = "".join(output.data["text/plain"] for output in outputs)
        assert all(kind in tables for kind in ("BLE", "ECD", "LCD"))


class TestReport:
    """``cathograph report``."""

    def test_it_shows_what_the_queries_say(self, call, demo_store, tmp_path):
        code, out, err = call("report", "--out", "r", "--draws", 0)
        assert code == 0, err
        assert "14 figures" in out
        assert not [line for line in err.splitlines() if line.startswith("Fig")], "all are measured"

        def table(name):
            return pd.read_csv(tmp_path / "r" / "tables" / f"{name}.csv")

        states = cathograph.query(demo_store, "states")
        tpbs = cathograph.query(demo_store, "tpbs")
        overview = table("overview").iloc[0]
        assert overview["nmc"] == len(states)
        assert overview["nmc_in_tpbs"] == states["at_tpb"].sum()
        assert overview["measured"] == states["soc_ev"].notna().sum()
        assert overview["tpbs"] == len(tpbs)
        assert overview["physical_tpbs"] == tpbs["is_physical"].sum()
        by_structure = cathograph.query(demo_store, "state_by_structure")
        s1 = table("table-s1").set_index("figure")
        for figure, structure in (("4f", "TPB"), ("5d", "concurrent channel")):
            for side, name in ((True, "exposed"), (False, "others")):
                rows = by_structure[
                    (by_structure["structure"] == structure) & (by_structure["present"] == side)
                ]
                known = rows[rows["measured"] > 0]
                mean = (known["mean_heterogeneity_ev"] * known["measured"]).sum() / known["measured"].sum()
                assert s1.loc[figure, f"n_{name}"] == known["measured"].sum()
                assert s1.loc[figure, f"mean_{name}"] == pytest.approx(mean)
        metrics = cathograph.query(demo_store, "centralities")
        nmc = states.merge(metrics, on=["sample", "image", "label"])
        expected = compute_electrode_statistics(nmc, metrics=list(METRICS), draws=0)
        for name, numbers in (
            ("table-s1", expected.group_comparisons),
            ("correlations", expected.correlations),
        ):
            columns = ["p", "p_clustered", "p_clustered_family"]
            pd.testing.assert_frame_equal(table(name)[columns], numbers[columns], rtol=1e-9)
        drawn = pd.read_csv(tmp_path / "r" / "figures" / "fig-3a-tpb-size.csv")
        assert drawn["interface_ratio"].tolist() == pytest.approx(tpbs["interface_ratio"].tolist())
        marks = pd.read_csv(tmp_path / "r" / "figures" / "fig-2-graph-over-image.csv")["mark"].value_counts()
        # Six images are read; the one in the middle is shown.
        sample, image = states[["sample", "image"]].drop_duplicates().iloc[3]
        for mark, name in (
            ("particle", "particles"), ("contact", "contacts"), ("TPB junction", "junctions"),
            ("concurrent channel", "concurrent_channels"),
            ("touching channel", "touching_channels"),
        ):  # fmt: skip
            assert marks.get(mark, 0) == len(cathograph.query(demo_store, name, sample=sample, image=image))
        nearest = cathograph.query(demo_store, "nearest")["via"].value_counts()
        ways = pd.read_csv(tmp_path / "r" / "figures" / "fig-3c-nearest-nmc.csv").set_index("via")["nmc"]
        assert ways.to_dict() == {way: nearest.get(way, 0) for way in ways.index}

    @pytest.mark.slow
    def test_selections_side_by_side(self, call, demo_store, tmp_path):
        (tmp_path / "hot.cypher").write_text("MATCH (n:NMC)<-[:MEETS]-(:TPB) RETURN DISTINCT n.key AS key")
        code, _, err = call(
            "report", "--out", "r", "--draws", 0, "--compare", "LCD", "demo-BLE", "hot.cypher"
        )
        assert code == 0, err
        overview = pd.read_csv(tmp_path / "r" / "tables" / "overview.csv").set_index("selection")
        states = cathograph.query(demo_store, "states")
        assert overview["nmc"].to_dict() == {
            "LCD": (states["cathode"] == "LCD").sum(),
            "demo-BLE": (states["sample"] == "demo-BLE").sum(),
            "hot.cypher": states["at_tpb"].sum(),
        }
        assert pd.read_csv(tmp_path / "r" / "tables" / "table-s1.csv")["selection"].value_counts().eq(9).all()

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("options", "n"),
        [(("--sample", "demo-ECD"), 1), (("--cathode", "BLE"), 1), (("--select", "one.cypher"), 1)],
    )
    def test_one_selection(self, call, tmp_path, options, n):
        (tmp_path / "one.cypher").write_text(
            "MATCH (s:Sample {id: 'demo-LCD'})<-[:OF]-(i:Image) RETURN s.id AS sample, i.id AS image LIMIT 1"
        )
        assert call("report", "--out", "r", "--draws", 0, *options)[0] == 0
        assert pd.read_csv(tmp_path / "r" / "tables" / "overview.csv")["samples"].tolist() == [n]

    def test_what_cannot_be_reported(self, call, tmp_path):
        (tmp_path / "none.cypher").write_text("MATCH (i:Image {id: 'x'}) RETURN i.key AS key")
        (tmp_path / "write.cypher").write_text("MATCH (n) DETACH DELETE n")
        (tmp_path / "sse.cypher").write_text("MATCH (n:SSE) RETURN n.key AS key LIMIT 1")
        refused(call("report", "--out", "r", "--sample", "x"), "'x'", "demo-BLE")
        refused(call("report", "--out", "r", "--cathode", "x"), "'x'", "BLE, ECD, LCD")
        refused(call("report", "--out", "r", "--select", "none.cypher"), "no row", "none.cypher")
        refused(
            call("report", "--out", "r", "--select", "sse.cypher"),
            "no image and no active particle",
            "sse.cypher",
        )
        refused(call("report", "--out", "r", "--select", "write.cypher"), "reads the graph")
        refused(call("report", "--out", "r", "--select", "absent.cypher"), "absent.cypher")
        refused(call("report", "--out", "r", "--compare", "LCD"), "at least two different")
        refused(call("report", "--out", "r", "--compare", "LCD", "x"), "'x'", "cathode kind")
        refused(call("report", "--out", "r", "ECD"), "'ECD' without --compare")
        refused(call("report", "--out", "r", "--sample", "a", "--cathode", "b"), "--sample and --cathode")
        assert not (tmp_path / "r").exists()


@pytest.fixture(scope="module")
def asked(demo_store):
    """Ask the queries that all formats are compared with once."""
    names = ("contacts", "particles", "centralities", "states")
    return {name: cathograph.query(demo_store, name, sample="demo-BLE") for name in names}


class TestExport:
    """``cathograph export``."""

    @pytest.mark.parametrize("kind", ["graphml", "gexf", "parquet", "csv"])
    def test_every_format_holds_what_the_queries_say(self, call, asked, tmp_path, kind):
        code, out, err = call("export", "--format", kind, "--out", "g", "--sample", "demo-BLE")
        assert code == 0, err
        path = tmp_path / "g"
        graph = read_graph(path, kind) if kind in ("graphml", "gexf") else read_tables(path, kind)
        contacts = asked["contacts"]
        shared = [name for name in graph.contacts.columns if name in contacts.columns]
        pd.testing.assert_frame_equal(graph.contacts[shared], contacts[shared], check_dtype=False)
        on = ["sample", "image", "label"]
        graphs = graph.particles.set_index(on)
        for name in ("particles", "centralities", "states"):
            table = asked[name].set_index(on)
            for column in [column for column in table.columns if column in graphs.columns]:
                found = graphs.loc[table.index, column].reset_index(drop=True)
                expected = table[column].reset_index(drop=True)
                pd.testing.assert_series_equal(found, expected, check_dtype=False, check_exact=True)
        assert f"{len(graph.particles)} particles, {len(contacts)} contacts" in out

    def test_nothing_to_export(self, call):
        refused(call("export", "--format", "csv", "--out", "g", "--sample", "x"), "no particle of sample x")

    def test_the_label_image_names_the_particle_of_each_label(self, call, demo_store, demo_files, tmp_path):
        mask = demo_files["BLE"][1]
        options = ("--format", "ome-tiff", "--sample", "demo-BLE", "--image", "01", "--labels", mask)
        code, out, err = call("export", *options, "--out", "labels.ome.tif")
        assert code == 0, err
        with tifffile.TiffFile(tmp_path / "labels.ome.tif") as file:
            labels, xml = file.asarray(), file.ome_metadata
        particles = cathograph.query(demo_store, "graph_particles", sample="demo-BLE", image="01")
        assert f"{len(particles)} labels, 384 × 384 pixels" in out
        # Each region where the store says: its size, and the mean of its pixels' places.
        phases = tifffile.imread(mask)
        for particle in particles.itertuples():
            y, x = np.nonzero(labels == particle.label)
            assert len(y) == particle.properties["area_px"]
            assert y.mean() == pytest.approx(particle.properties["centroid_y"])
            assert x.mean() == pytest.approx(particle.properties["centroid_x"])
            assert set(phases[y, x]) == {SSB_CATHODE.phase(particle.phase).code}
            assert f'<M K="{particle.label}">{particle.key}</M>' in xml

    def test_a_label_image_needs_the_image_and_its_file(self, call, demo_files, tmp_path):
        of_image = ("--sample", "demo-BLE", "--image", "01")
        first, second = demo_files["BLE"]
        ome = ("export", "--format", "ome-tiff", "--out", "x.tif")
        refused(call(*ome, *of_image), "--sample, --image and --labels")
        refused(call(*ome, "--sample", "demo-BLE", "--labels", first), "--sample, --image and --labels")
        refused(call(*ome, *of_image, "--labels", first), "other pixels in 00.tif than image '01'")
        refused(call(*ome, *of_image, "--labels", second, "--dataset", "a"), "no datasets")
        refused(call("export", "--format", "csv", "--out", "x", "--labels", first), "ome-tiff")
        assert not (tmp_path / "x.tif").exists()

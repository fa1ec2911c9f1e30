"""``cathograph export --format pyg``: the file, what is said of it, and what is refused."""

import json

import pytest
import torch
from torch_geometric.data import HeteroData
from toy_measurement import make_toy_measurement
from toy_rows import make_toy_rows

from cathograph.queries.writing.images import IngestRunRecord, write_image
from cathograph.queries.writing.measurements import write_measurement


@pytest.fixture
def filled(cathograph, clean_store):
    """Give the command line against a store with the toy image in it."""
    run = IngestRunRecord.of_memory("field")
    write_image(clean_store, make_toy_rows(cathode="LCD"), run)
    write_measurement(clean_store, make_toy_measurement(), run)
    return cathograph


def test_file_with_everything(filled, tmp_path):
    code, out, _ = filled("export", "--format", "pyg", "--out", "g.pt", "--cathode", "lcd")
    assert (code, out.strip()) == (0, "1 images, 5 particles, 5 contacts: g.pt")
    (graph,) = [HeteroData.from_dict(each) for each in torch.load(tmp_path / "g.pt", weights_only=True)]
    assert graph["NMC"].y[0].tolist() == [8343, 0.5, 1]


def test_chosen_particles_and_features(filled, tmp_path):
    (tmp_path / "q.cypher").write_text("MATCH (n:NMC) WHERE n.label = $label RETURN n.key AS key")
    chosen = ["--query", "q.cypher", "--param", "label=1", "--hops", "1"]
    features = ["--feature", "local_channel_partners", "--feature", "area_um2"]
    code, _, said = filled("export", "--format", "pyg", "--out", "g.pt", *chosen, *features)
    assert code == 1
    assert "local_channel_partners missing for 2 of 3 particles" in said
    code, out, _ = filled(
        "export", "--format", "pyg", "--out", "g.pt", *chosen, *features, "--missing", "drop"
    )
    assert code == 0
    assert "1 particles, 0 contacts, 2 particles left out because they lack a feature: g.pt" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--format", "csv", "--cathode", "LCD"],
            "Found --cathode with --format csv",
        ),
        (["--format", "csv", "--hops", "1"], "Found --hops with --format csv"),
        (["--format", "pyg", "--labels", "a.tif"], "Found --labels or --dataset with --format pyg"),
        (["--format", "pyg", "--param", "a=1"], "Found --param without --query"),
        (["--format", "pyg", "--hops", "1"], "hops 1 without particles to start from"),
        (["--format", "pyg", "--cathode", "ECD"], "Found no image of cathode 'ECD'"),
        (["--format", "pyg", "--query", "none.cypher"], "no readable Cypher in none.cypher"),
        (["--format", "pyg", "--feature", "aera_um2"], "did you mean area_um2"),
    ],
)
def test_what_is_refused(filled, tmp_path, arguments, message):
    code, _, said = filled("export", "--out", "g.pt", *arguments)
    assert code == 1
    assert message in " ".join(said.split())
    assert not list(tmp_path.glob("*.pt"))


def test_benchmark_without_a_matching_name_measures_nothing(call):
    code, out, _ = call("bench", "export", "--json", "--only", "none such")
    assert (code, json.loads(out)) == (0, [])

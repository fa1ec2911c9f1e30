"""The commands on a small store: train, evaluate, predict, explain, rank; and what they refuse."""

import dataclasses
import io
import json
import shutil

import pytest
from toy_measurement import make_toy_measurement
from toy_rows import make_toy_rows

from cathograph.cli import main
from cathograph.queries.catalog import load
from cathograph.queries.reading.content import content_hash, counts
from cathograph.queries.reading.runner import run
from cathograph.queries.writing.images import IngestRunRecord, write_image
from cathograph.queries.writing.measurements import write_measurement

pytestmark = pytest.mark.training

IMAGES = 6


@pytest.fixture(scope="module")
def filled(clean_store):
    """Give a store with some toy images that differ in their areas, one of them without NMC states."""
    record = IngestRunRecord.of_memory("toy")
    for number in range(IMAGES):
        rows = make_toy_rows(image=f"i{number}", key=f"k{number}")
        rows.particles["area_um2"] *= 1 + number / 10
        rows.contacts["interface_um"] *= 1 + number / 5
        write_image(clean_store, rows, record)
        if number < IMAGES - 1:
            write_measurement(
                clean_store,
                make_toy_measurement(f"m{number}", segmentation=f"k{number}", shift_ev=number / 10),
                record,
            )
    return clean_store


@pytest.fixture(scope="module")
def call(filled, neo4j_server, tmp_path_factory):
    """Run the command line against that store; gives (code, output, errors)."""
    folder = tmp_path_factory.mktemp("gnn")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("CATHOGRAPH_HOME", str(folder / "home"))
        patch.setenv("COLUMNS", "250")
        patch.setenv("NEO4J_URI", neo4j_server.uri)
        patch.setenv("NEO4J_USER", neo4j_server.user)
        patch.setenv("NEO4J_PASSWORD", neo4j_server.password)

        def ran(*arguments, capfd):
            patch.setattr("sys.argv", ["cathograph", "gnn", *map(str, arguments)])
            patch.setattr("sys.stdin", io.StringIO(""))
            capfd.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
            said = capfd.readouterr()
            return ended.value.code or 0, said.out, said.err

        yield ran


@pytest.fixture(scope="module")
def trained(filled, neo4j_server, tmp_path_factory):
    """Give the folder of a model that the command trained."""
    from cathograph.commands.model_graphs import read_graphs
    from cathograph.gnn.training.ensemble import train_model
    from cathograph.gnn.training.model_files import save_model
    from cathograph.gnn.training.network_training import TrainingSettings

    folder = tmp_path_factory.mktemp("models") / "toy"
    settings = TrainingSettings(sizes=(("hidden", 4),), max_epochs=3)
    save_model(
        train_model(read_graphs(filled), settings, name="toy", members=2, folds=5, device="cpu"), folder
    )
    return folder


def test_train_says_what_it_did(call, capfd, tmp_path):
    code, out, err = call(
        "train", "--out", tmp_path / "m", "--members", 1, "--max-epochs", 2, "--hidden", 4, "--device", "cpu",
        "--targets", "heterogeneity_ev,soc_ev", "--features", "area_um2,convexity", capfd=capfd,
    )  # fmt: skip
    assert code == 0, err
    assert "1 fold of 1 network, trained on cpu" in out
    assert f"cathograph gnn evaluate --model {tmp_path / 'm'}" in out
    assert "1 of 6 images have no measured state and were left out" in err
    card = json.loads((tmp_path / "m" / "model.json").read_text())
    assert card["name"] == "m"
    assert card["layout"]["targets"] == ["heterogeneity_ev", "soc_ev"]
    assert card["layout"]["node_features"]["NMC"] == ["area_um2", "convexity"]
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["model.json", "model.safetensors"]


def test_evaluate_compares_with_every_baseline(call, trained, capfd):
    code, out, err = call("evaluate", trained, "--json", "--device", "cpu", "--draws", 100, capfd=capfd)
    assert code == 0, err
    found = json.loads(out)
    models = {row["model"] for row in found["scores"]}
    assert models == {
        "toy",
        "mlp",
        "mean",
        "linear",
        "boosting",
        "linear + neighbours",
        "boosting + neighbours",
    }
    assert {row["rival"] for row in found["comparisons"]} == models - {"toy"}
    # The other of the two states of an image is flagged.
    assert {row["n"] for row in found["scores"] if row["target"] == "soc_ev"} == {IMAGES - 1}
    assert all(row["verdict"] == "too few images" for row in found["comparisons"])  # five of them


def test_evaluate_names_models_by_their_folders(call, trained, capfd, tmp_path):
    same, other = tmp_path / trained.name, tmp_path / "mlp"
    for folder in (same, other):
        shutil.copytree(trained, folder)
    code, _, err = call("evaluate", trained, "--model", same, capfd=capfd)
    assert code == 1
    assert "'toy' twice" in err
    code, out, err = call("evaluate", "-m", other, "--device", "cpu", "--draws", 100, capfd=capfd)
    assert code == 0, err
    assert " mlp " in out
    assert " mlp, no contacts " in out
    assert "5 test images: intervals too narrow" in err


def test_predict_writes_once_and_never_over_measurements(call, trained, filled, capfd):
    states = run(filled, load("states"))
    code, out, err = call("predict", "--model", trained, "--json", "--device", "cpu", capfd=capfd)
    assert code == 0, err
    images = json.loads(out)["images"]
    assert [row["split"] for row in images] == ["test"] * (IMAGES - 1) + ["none"]
    assert {row["state"] for row in images} == {"written"}
    assert run(filled, load("states")).equals(states)
    before, number = content_hash(filled), counts(filled)
    code, out, err = call("predict", "--model", trained, "--json", "--device", "cpu", capfd=capfd)
    assert {row["state"] for row in json.loads(out)["images"]} == {"unchanged"}
    assert content_hash(filled) == before
    assert counts(filled)["PREDICTS"] == number["PREDICTS"] == 3 * IMAGES
    table = run(filled, load("predictions"))
    assert set(table["model"]) == {"toy"}
    assert set(table.loc[table["split"] == "test", "members"]) == {2}
    assert set(table.loc[table["split"] == "none", "members"]) == {10}  # all networks of all folds
    assert (table["heterogeneity_sd_ev"] >= 0).all()


def test_explain_prints_tables_and_draws(call, trained, capfd, tmp_path):
    picture = tmp_path / "why.png"
    code, out, err = call(
        "explain", "--particle", "k0:1", "--model", trained, "--picture", picture, "--json", "--device", "cpu",
        capfd=capfd,
    )  # fmt: skip
    assert code == 0, err
    found = json.loads(out)
    assert {row["label"] for row in found["neighbours"]} == {2, 3, 4}  # 2 over two steps; 5 is alone
    assert len(found["contacts"]) == 5
    assert picture.stat().st_size > 0
    code, out, err = call(
        "explain", "--particle", "k0:99", "--model", trained, "--device", "cpu", capfd=capfd
    )
    assert code == 1
    assert "k0:99" in err
    code, out, err = call("explain", "--particle", "k0:3", "--model", trained, "--device", "cpu", capfd=capfd)
    assert code == 1
    assert "no NMC of key 'k0:3'" in err
    code, out, err = call(
        "explain", "--particle", "k0:1", "--model", trained, "--labels", picture, capfd=capfd
    )
    assert code == 1
    assert "--labels without --picture" in err


def test_rank_images(call, trained, capfd):
    code, out, err = call("rank", "--model", trained, "--json", "--device", "cpu", capfd=capfd)
    assert code == 0, err
    found = json.loads(out)
    assert {row["candidate"] for row in found["ranking"]} == {f"s1/i{number}" for number in range(IMAGES)}
    heterogeneity = [row["heterogeneity_ev"] for row in found["ranking"]]
    assert heterogeneity == sorted(heterogeneity)
    assert any(row["candidate"] == "no NMC-NMC contacts" for row in found["changes"])
    code, out, err = call("rank", "--model", trained, "--image", "i0", "--device", "cpu", capfd=capfd)
    assert code == 0, err
    assert "lower heterogeneity_ev" in out


def test_rank_phantom_settings(call, trained, capfd):
    code, out, err = call(
        "rank",
        "--model",
        trained,
        "--phantoms",
        "ECD",
        "--images",
        1,
        "--json",
        "--device",
        "cpu",
        capfd=capfd,
    )
    assert code == 0, err
    names = {row["candidate"] for row in json.loads(out)["ranking"]}
    assert {"ECD as it is", "graphite fraction x 0.5", "all graphite bonded"} <= names
    code, out, err = call("rank", "--model", trained, "--phantoms", "XYZ", capfd=capfd)
    assert code == 1
    assert "XYZ" in err


def test_refusals(call, trained, capfd, tmp_path):
    for arguments, found in (
        (("evaluate", tmp_path / "none"), "no model in"),
        (("predict", "--model", trained, "--sample", "nobody"), "nobody"),
        (("train", "--features", "colour"), "colour"),
        (("train", "--targets", "strain"), "strain"),
        (("train", "--split-by", "sample"), "1 samples"),
        (("train", "--split-by", "beamtime"), "no beamtime"),
        (("predict", "--model", trained, "--device", "tpu"), "device 'tpu'"),
        (("rank", "--model", trained, "--phantoms", "LCD", "--sample", "s1"), "--phantoms with --sample"),
    ):
        code, _, err = call(*arguments, capfd=capfd)
        assert code == 1, arguments
        assert found in err, (arguments, err)


def test_the_database_gone_while_predicting(call, trained, filled, capfd, monkeypatch):
    """An address where nobody answers: one line that says so, and nothing half-written."""
    before = content_hash(filled)
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:9")
    code, _, err = call("predict", "--model", trained, "--device", "cpu", capfd=capfd)
    assert code == 1
    assert "127.0.0.1:9" in err
    assert len(err.strip().splitlines()) == 1
    assert content_hash(filled) == before


def test_an_image_without_nmc_is_passed_over(call, trained, filled, capfd):
    rows = make_toy_rows(image="bare", key="kb")
    keep = rows.particles[rows.particles["phase"] != "NMC"].reset_index(drop=True)
    both = rows.contacts[rows.contacts["a"].isin(keep["label"]) & rows.contacts["b"].isin(keep["label"])]
    bare = dataclasses.replace(
        rows, particles=keep, contacts=both.reset_index(drop=True), tpbs=rows.tpbs.iloc[:0],
        channels=rows.channels.iloc[:0], local_channels=rows.local_channels.iloc[:0], nearest=rows.nearest.iloc[:0],
        segmentation={
            **rows.segmentation, "n_particles": 2, "n_contacts": 1, "n_tpbs": 0, "n_physical_tpbs": 0,
            "n_channel_pairs": 0,
        },
    )  # fmt: skip
    write_image(filled, bare, IngestRunRecord.of_memory("bare"))
    code, out, err = call(
        "predict", "--model", trained, "--image", "bare", "--json", "--device", "cpu", capfd=capfd
    )
    assert code == 0, err
    assert json.loads(out)["images"] == [
        {"sample": "s1", "image": "bare", "nmc": 0, "split": "none", "state": "no NMC"}
    ]

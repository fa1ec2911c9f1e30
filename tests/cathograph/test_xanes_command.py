"""`cathograph xanes` as a user meets it, on a phantom stack whose energy map is known."""

import hashlib
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from cathograph.benchmarks.xanes_stacks import ENERGIES_EV, make_phantom_references
from cathograph.cli import main
from cathograph.ingest.formats import open_image
from cathograph.ingest.xanes.normalisation import Normalisation, plan_normalisation
from cathograph.phantom import make_energy_map, make_microstructure, make_xanes_stack

SHAPE = (64, 72)


@pytest.fixture(scope="module")
def phantom_stack():
    """Stack of 63 energies with noise, and its map."""
    phantom = make_microstructure(SHAPE, seed=3)
    truth = make_energy_map(phantom, seed=3)
    return make_xanes_stack(phantom, truth, ENERGIES_EV, seed=3, snr=50), truth.energy_ev


@pytest.fixture
def call(tmp_path, monkeypatch, capfd, phantom_stack):
    """Run the command in a folder that holds the stack, its energies and references."""
    stack, _ = phantom_stack
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    size = (1e4 / 0.05, 1e4 / 0.05)
    tifffile.imwrite(
        "stack.tif", stack, photometric="minisblack", resolution=size, resolutionunit="CENTIMETER"
    )
    np.savetxt("energies.txt", ENERGIES_EV, fmt="%g")
    pair = make_phantom_references()
    np.savetxt("references.csv", np.column_stack([pair.energies_ev, *pair.spectra]), delimiter=",")

    def run(*arguments, verb="fit"):
        monkeypatch.setattr("sys.argv", ["cathograph", "xanes", verb, *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return ended.value.code or 0, said.out, " ".join(said.err.split())

    return run


def test_the_map_is_the_phantoms(call, phantom_stack, tmp_path):
    code, out, _ = call(
        "stack.tif", "--energies", "energies.txt", "--out", "map.tif", "--quality", "quality.tif"
    )
    assert code == 0
    assert "not lithium contents" in out
    written = open_image(tmp_path / "map.tif")
    assert written.pixel_size_um == pytest.approx(0.05)
    assert written.dtype == np.float32
    truth = phantom_stack[1]
    # Planted outliers lie up to 10 eV beyond the window; those beyond the search range have no answer.
    nmc = np.isfinite(truth) & (np.abs(truth - 8344) < 4)
    error = written.pages[0] - truth
    assert np.isfinite(error[nmc]).mean() > 0.99
    assert np.nanmedian(np.abs(error[nmc])) < 0.08
    assert np.isnan(written.pages[0][np.isnan(truth)]).mean() > 0.99
    pages = open_image(tmp_path / "quality.tif").pages
    error_of_jump = plan_normalisation(Normalisation(), ENERGIES_EV).jump_error
    assert np.median(pages[0][nmc]) == pytest.approx(50 / error_of_jump, rel=0.2)
    assert np.median(pages[2][nmc]) == pytest.approx(0.6, rel=0.05)
    assert (tmp_path / "map.png").stat().st_size > 20_000


def test_the_record_tells_how_the_map_was_made(call, tmp_path):
    code, out, _ = call("stack.tif", "--energies", "energies.txt", "--out", "map.tif", "--json")
    assert code == 0
    record = json.loads((tmp_path / "map.json").read_text())
    said = json.loads(out)
    assert record == {name: said[name] for name in said if name != "files"}
    assert record["method"]["name"] == "white-line"
    assert record["method"]["parameters"]["degree"] == 4
    assert (record["window_ev"], record["reference_ev"]) == ([8340, 8348], 8344)
    assert record["energies_ev"] == ENERGIES_EV.tolist()
    assert record["map_sha256"] == _hash("map.tif")
    assert record["pixels"]["total"] == SHAPE[0] * SHAPE[1]
    assert (
        sum(record["pixels"][name] for name in ("dead", "no_edge", "no_answer", "poor_fit", "valid"))
        == (record["pixels"]["total"])
    )
    assert "numba" in record["versions"]


def test_the_record_names_every_input_by_its_hash(call, phantom_stack):
    counts = 20 + 60000 * np.exp(-phantom_stack[0].astype(float))
    with h5py.File("counts.h5", "w") as file:
        file["cam"], file["name"], file["scan"] = counts.astype(np.float32), "cell 7", 31415
    np.save("dark.npy", np.full(SHAPE, 20, np.float32))
    Path("lay.yaml").write_text(
        "frames: /cam\nsample: /name\nscan_id: /scan\nvalues: counts\npixel_size: 30.0\npixel_size_unit: nm\n"
    )
    arguments = ["counts.h5", "--layout", "lay.yaml", "--energies", "energies.txt", "--darks", "dark.npy"]
    arguments += ["--references", "references.csv", "--out", "map.tif"]
    code, _, err = call(*arguments, "--empty-region", "0,9,0,9")
    assert code == 0, err
    record = json.loads(Path("map.json").read_text())
    files = {
        "stack": "counts.h5", "energies": "energies.txt", "darks": "dark.npy", "layout": "lay.yaml",
        "references": "references.csv",
    }  # fmt: skip
    assert record["inputs"] == [
        {"role": role, "file": name, "sha256": _hash(name)} for role, name in files.items()
    ]
    assert (record["signal"], record["empty_region"]) == ("counts", [0, 9, 0, 9])
    assert record["measurement"] == {
        "format": "HDF5, layout file", "pixel_size_um": 0.03, "scan_id": "31415", "proposal": None,
        "sample": "cell 7", "date": None,
    }  # fmt: skip
    np.save("flat.npy", np.full(SHAPE, 60020, np.float32))
    assert call(*arguments, "--flats", "flat.npy")[0] == 0
    record = json.loads(Path("map.json").read_text())
    assert {"role": "flats", "file": "flat.npy", "sha256": _hash("flat.npy")} in record["inputs"]


@pytest.mark.parametrize(
    ("arguments", "lost"),
    [
        (["--flats", "flats.tif", "--out", "flats.tif"], "flats.tif"),
        (["--darks", "flats.tif", "--out", "map.tif", "--quality", "flats.tif"], "flats.tif"),
        (["--layout", "map.json", "--out", "map.tif"], "map.json"),
        (["--references", "map.png", "--out", "map.tif"], "map.png"),
        (["--references", "map.drift.png", "--out", "map.tif", "--register"], "map.drift.png"),
        (["--out", "./map.tif", "--quality", "map.tif"], "map.tif"),
        (["--out", "second.tif"], "second.tif"),
        (["--flats", "store.zarr", "--out", "store.zarr/map.tif"], "store.zarr"),
    ],
)
def test_no_output_takes_the_place_of_an_input_or_of_another(call, arguments, lost):
    for name in ("flats.tif", "map.json", "map.png", "map.drift.png"):
        Path(name).write_bytes(b"measured")
    Path("second.tif").hardlink_to("stack.tif")
    Path("store.zarr").mkdir()
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    code, _, err = call("stack.tif", "--energies", "energies.txt", *arguments)
    assert code == 1
    assert "Choose another --out or --quality" in err
    assert lost in err
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before


def test_the_energies_are_not_overwritten_either(call):
    Path("energies.txt").rename("map.json")
    code, _, err = call("stack.tif", "--energies", "map.json", "--out", "map.tif")
    assert code == 1
    assert "Found map.json as --energies and as a file to write" in err


def _hash(name):
    return hashlib.sha256(Path(name).read_bytes()).hexdigest()


def test_a_method_in_a_window_that_does_not_suit_it_is_flagged_until_calibrated(call, tmp_path):
    arguments = ["stack.tif", "--energies", "energies.txt", "--out", "map.tif", "--method", "half-height"]
    code, _, err = call(*arguments)
    assert code == 0
    assert "More than 10 % lie outside" in err
    assert json.loads((tmp_path / "map.json").read_text())["dropped_flagged"] is True
    code, out, err = call(*arguments, "--references", "references.csv")
    assert code == 0
    assert "More than" not in err
    assert "eV (references column 2 8334." in out


def test_a_linear_combination_of_plain_absorbance_needs_references(call, phantom_stack, tmp_path):
    arguments = [
        "stack.tif",
        "--energies",
        "energies.txt",
        "--out",
        "map.tif",
        "--method",
        "linear-combination",
        "--no-normalise",
    ]
    code, _, err = call(*arguments)
    assert code == 1
    assert "Found no references" in err
    code, _, _ = call(*arguments, "--references", "references.csv")
    assert code == 0
    found = tifffile.imread(tmp_path / "map.tif")
    # Outliers lie beyond the references, where shares mean nothing.
    both = np.isfinite(found) & (np.abs(phantom_stack[1] - 8344) < 3)
    assert np.corrcoef(found[both], phantom_stack[1][both])[0, 1] > 0.9


def test_registration_leaves_a_drift_plot(call, phantom_stack, tmp_path):
    stack = phantom_stack[0].copy()
    stack[:20] = np.roll(stack[:20], 2, axis=2)
    np.save("moved.npy", stack)
    code, out, _ = call("moved.npy", "--energies", "energies.txt", "--out", "map.tif", "--register")
    assert code == 0
    assert (tmp_path / "map.drift.png").stat().st_size > 5_000
    record = json.loads((tmp_path / "map.json").read_text())
    shifts, stays = np.array(record["registration"]["shifts_px"]), record["registration"]["anchor_frame"]
    assert abs(record["energies_ev"][stays] - 8333) <= np.abs(np.array(record["energies_ev"]) - 8333).min()
    moved = np.median(shifts[:20], axis=0) - np.median(shifts[20:], axis=0)
    assert moved == pytest.approx([0, -2], abs=0.5)
    assert "undone" in out


def test_counts_with_flat_and_dark_give_the_same_map(call, phantom_stack, tmp_path):
    counts = 20 + 60000 * np.exp(-phantom_stack[0].astype(float))
    tifffile.imwrite("counts.tif", counts.astype(np.float32), photometric="minisblack")
    tifffile.imwrite("flat.tif", np.full(SHAPE, 60020, np.float32))
    tifffile.imwrite("dark.tif", np.full(SHAPE, 20, np.float32))
    arguments = ["--energies", "energies.txt", "--out"]
    assert call("stack.tif", *arguments, "a.tif")[0] == 0
    code, _, err = call("counts.tif", *arguments, "b.tif", "--flat", "flat.tif", "--dark", "dark.tif")
    assert code == 0, err
    np.testing.assert_allclose(tifffile.imread("b.tif"), tifffile.imread("a.tif"), atol=0.01)


def test_a_dataset_of_hdf5_is_a_stack(call, phantom_stack):
    with h5py.File("scan.h5", "w") as file:
        file["entry/absorbance"] = phantom_stack[0]
    code, out, err = call(
        "scan.h5", "--dataset", "entry/absorbance", "--energies", "energies.txt", "--out", "map.tif"
    )
    assert code == 0, err
    assert "63 energies 8210 to 8700 eV" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--energies", "energies.txt", "--out", "map.png"], "expected a name that ends in .tif"),
        (["--energies", "energies.txt", "--out", "none/map.tif"], "Found no folder none"),
        (["--energies", "energies.txt", "--out", "stack.tif"], "expected two"),
        (
            ["--energies", "energies.txt", "--out", "map.tif", "--method", "peak"],
            "Found --method 'peak'; expected one of",
        ),
        (["--energies", "energies.txt", "--out", "map.tif", "--search-ev", "8350"], "expected LOW,HIGH"),
        (
            ["--energies", "energies.txt", "--out", "map.tif", "--search-ev", "8350,8340"],
            "the lower energy first",
        ),
        (
            ["--energies", "energies.txt", "--out", "map.tif", "--half-width-ev", "-1"],
            "--half-width-ev -1; expected a number, above 0",
        ),
        (
            ["--energies", "energies.txt", "--out", "map.tif", "--pixel-size-nm", "0"],
            "--pixel-size-nm 0; expected a number, above 0",
        ),
        (
            ["--energies", "energies.txt", "--out", "map.tif", "--register", "--register-against", "next"],
            "--register-against 'next'; expected one of reference, previous",
        ),
        (
            [
                "--energies",
                "energies.txt",
                "--out",
                "map.tif",
                "--method",
                "white-line-gaussian",
                "--degree",
                "3",
            ],
            "Found --degree 3 with white-line-gaussian",
        ),
        *(
            (
                ["--energies", "energies.txt", "--out", "map.tif", "--empty-region", text],
                "expected Y0,Y1,X0,X1",
            )
            for text in ("nan,inf,0,4", "0.9,4.7,0,4", "0,4,0", "0,4,0,²", "0,4,0," + "9" * 5000)
        ),
        (["--energies", "short.txt", "--out", "map.tif"], "63"),
        (["--energies", "kev.txt", "--out", "map.tif"], "keV"),
        (["--energies", "energies.txt", "--out", "map.tif", "--pre-ev", "8211,8212"], "--pre-ev"),
    ],
)
def test_wrong_input_is_one_line_and_leaves_no_file(call, tmp_path, arguments, message):
    np.savetxt("short.txt", ENERGIES_EV[:-1])
    np.savetxt("kev.txt", ENERGIES_EV / 1000)
    code, _, err = call("stack.tif", *arguments)
    assert code == 1
    assert err.startswith("Error:")
    assert message in err
    assert not (tmp_path / "map.tif").exists()


def test_a_foil_is_laid_on_its_standard(call):
    energies = np.arange(8250, 8450, 0.5)
    for name, edge in (("foil.txt", 8340), ("standard.txt", 8342.5)):
        np.savetxt(name, np.column_stack([energies, np.arctan((energies - edge) / 2)]))
    code, out, _ = call("foil.txt", "standard.txt", "--json", verb="align")
    assert code == 0
    assert json.loads(out)["shift_ev"] == pytest.approx(2.5, abs=0.01)
    assert "+2.5" in call("foil.txt", "standard.txt", verb="align")[1]
    code, _, err = call("foil.txt", "references.csv", verb="align")
    assert code == 1
    assert "references.csv: found 2 spectra; expected one" in err


def test_a_map_without_any_valid_pixel_is_written_and_said(call, tmp_path):
    np.save("empty.npy", np.random.default_rng(0).normal(0.3, 0.05, (63, 20, 20)).astype(np.float32))
    code, out, err = call(
        "empty.npy", "--energies", "energies.txt", "--out", "map.tif", "--min-quality", "20"
    )
    assert code == 0
    assert "masked    100.0%" in out
    assert "No pixel has a valid edge energy" in err
    assert np.isnan(tifffile.imread(tmp_path / "map.tif")).all()


def test_two_energies_give_a_difference_and_no_edge_energies(call, phantom_stack, tmp_path):
    two = phantom_stack[0][[0, -1]]
    np.save("two.npy", two)
    (tmp_path / "two.txt").write_text("8210\n8700\n")
    code, _, err = call("two.npy", "--energies", "two.txt", "--out", "d.tif")
    assert code != 0
    assert "at least 3" in err
    assert "--method jump" in err
    code, out, err = call("two.npy", "--energies", "two.txt", "--out", "d.tif", "--method", "jump")
    assert code == 0, err
    assert "absorption difference" in out
    np.testing.assert_allclose(tifffile.imread("d.tif"), two[1] - two[0], atol=1e-6)
    record = json.loads((tmp_path / "d.json").read_text())
    assert record["quantity"] == "absorption_difference"
    assert record["energies_ev"] == [8210.0, 8700.0]
    assert call("stack.tif", "--energies", "energies.txt", "--out", "e.tif", "--method", "jump")[0] != 0

"""`cathograph inspect`: one screen for every kind of file, and commands that can be copied."""

import io
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import beamline_files as made
import h5py
import numpy as np
import pytest
import tifffile
import typer
import zarr
from PIL import Image

from cathograph.cli import app, main
from cathograph.phantom import make_energy_map, make_microstructure, make_xanes_stack

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def inspect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    """Run the command; gives (code, output, errors). No database may be asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:1")
    monkeypatch.setenv("NEO4J_PASSWORD", "none")
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["cathograph", "inspect", *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", io.StringIO())
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def _png(folder: Path) -> Path:
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(folder / "a.png", dpi=(96, 96))
    return folder / "a.png"


def _npy(folder: Path) -> Path:
    np.save(folder / "a.npy", np.zeros((3, 4, 6), np.uint8))
    return folder / "a.npy"


def _single_tiff(folder: Path) -> Path:
    tifffile.imwrite(folder / "one.tif", np.zeros((4, 6), np.uint8))
    return folder / "one.tif"


def _hdf5(folder: Path) -> Path:
    with h5py.File(folder / "own.h5", "w") as file:
        file["entry/stack"] = np.zeros((3, 4, 6))
        file["entry/mask"] = np.zeros((4, 6), np.uint8)
        file["entry/mono"] = np.zeros(3)
        file["away"] = h5py.ExternalLink("other.h5", "/x")
        for place in range(20):
            file[f"log/a_rather_long_name_of_a_motor_that_nobody_will_ever_need_{place:02d}"] = 1.0
    return folder / "own.h5"


STACKS: dict[str, Callable[[Path], Path]] = {
    "tiff": made.tiff_stack,
    "fxi": made.fxi,
    "data exchange": made.data_exchange,
    "nxtomo": made.nexus_tomo,
    "nxstxm": made.nexus_stxm,
    "txrm": made.txrm,
    "ome-zarr": made.ome_zarr,
}
IMAGES: dict[str, Callable[[Path], Path]] = {
    "png": _png,
    "npy": _npy,
    "tiff": _single_tiff,
    "hdf5": _hdf5,
    "xrm": lambda folder: made.txrm(folder, images=made.COUNTS[:1].astype("<u2")),
}


def _parse(command: str) -> None:
    """Check the options of a suggested command against the command line itself."""
    words = shlex.split(command.replace("NUMBER", "20"))
    assert words[0] == "cathograph"
    group = typer.main.get_command(app)
    group.make_context("cathograph", words[1:], resilient_parsing=False).close()
    verb, rest = group.commands[words[1]], words[2:]  # type: ignore[attr-defined]
    if words[1] == "xanes":
        verb, rest = verb.commands[rest[0]], rest[1:]
    verb.make_context(words[1], rest).close()


@pytest.mark.parametrize("name", STACKS)
def test_stacks_on_one_screen(name: str, inspect: Call, tmp_path: Path):
    path = STACKS[name](tmp_path)
    code, out, _ = inspect(path.name)
    assert code == 0
    lines = out.splitlines()
    assert len(lines) <= 24
    assert all(len(line) <= 80 for line in lines[:-1])
    assert "4 energies of 5 × 7 pixels (y, x)" in out
    assert "4, 8320 to 8370 eV" in out
    assert lines[-1].startswith(f"cathograph xanes fit {path.name}")
    _parse(lines[-1])


def test_the_suggested_command_makes_the_same_map_of_every_format(
    inspect: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    phantom = make_microstructure((64, 64), preset="ECD", seed=0)
    energies = np.concatenate(
        [np.linspace(8210, 8320, 8), np.linspace(8325, 8370, 30), np.linspace(8380, 8700, 8)]
    )
    absorbance = make_xanes_stack(phantom, make_energy_map(phantom, seed=0), energies, seed=0)
    tifffile.imwrite("a.tif", absorbance, photometric="minisblack")
    np.savetxt("a_energies.txt", energies)
    with h5py.File("b.h5", "w") as file:
        file["img_xanes"], file["X_eng"] = np.exp(-absorbance), energies / 1000
    beam = np.linspace(3e4, 5e4, energies.size)[:, None, None]
    with h5py.File("c.h5", "w") as file:
        file["exchange/data"] = beam * np.exp(-absorbance)
        file["exchange/data_white"] = np.broadcast_to(beam, absorbance.shape)
        file["exchange/energy"] = energies
    maps = []
    for name in ("a.tif", "b.h5", "c.h5"):
        command = inspect(name)[1].splitlines()[-1].replace("NUMBER", "25")
        monkeypatch.setattr("sys.argv", shlex.split(command))
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        maps.append(tifffile.imread(name.split(".")[0] + "_map.tif"))
    assert np.isfinite(maps[0]).any()
    for other in maps[1:]:
        np.testing.assert_allclose(other, maps[0], atol=0.01)  # eV; float32 went through exp and log


@pytest.mark.parametrize("name", IMAGES)
def test_images_on_one_screen(name: str, inspect: Call, tmp_path: Path):
    path = IMAGES[name](tmp_path)
    code, out, _ = inspect(path.name)
    assert code == 0
    lines = out.splitlines()
    assert len(lines) <= 24
    assert all(len(line) <= 80 for line in lines[:-1])
    assert lines[-1].startswith(f"cathograph ingest {path.name}")
    _parse(lines[-1])
    assert ("missing     pixel size" in out) == (name in ("png", "npy", "tiff"))


def test_hdf5_lists_its_datasets(inspect: Call, tmp_path: Path):
    _, out, _ = inspect(_hdf5(tmp_path).name)
    assert "  /entry/stack  3×4×6 float64" in out
    assert "  /away  link to another file" in out
    assert "and 12 more" in out
    assert "needs --layout" in out
    _, out, _ = inspect("own.h5", "--json")
    assert len(json.loads(out)["datasets"]) == 24


def test_json_has_the_same_facts(inspect: Call, tmp_path: Path):
    code, out, _ = inspect(made.data_exchange(tmp_path).name, "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["shape"], found["n_energies"], found["first_ev"]) == ([4, 5, 7], 4, 8320.0)
    assert found["facts"]["proposal"] == "GUP-12345"
    assert found["missing"] == []
    assert found["pixel_size_um"] == pytest.approx(0.03)


def test_what_is_wrong_is_a_finding_with_its_way_out(inspect: Call, tmp_path: Path):
    path = made.tiff_stack(tmp_path, "\n".join(map(str, made.ENERGIES_EV / 1000)))
    code, out, _ = inspect(path.name)
    assert code == 0
    assert "problem" in out
    assert "--energy-unit keV" in " ".join(out.split())
    _, out, _ = inspect(path.name, "--energy-unit", "keV")
    assert "problem" not in out
    assert out.splitlines()[-1] == "cathograph xanes fit scan.tif --energy-unit keV --out scan_map.tif"


def test_counts_ask_for_flats(inspect: Call, tmp_path: Path):
    made.nexus_stxm(tmp_path)
    _, out, _ = inspect("stxm.nxs")
    assert out.splitlines()[-1] == "cathograph xanes fit stxm.nxs --flats FLATS --out stxm_map.tif"
    _, out, _ = inspect("stxm.nxs", "--empty-region", "0,5,0,1", "--check-pixels")
    assert "beam from an empty region" in out
    assert "problem" not in out
    code, _, err = inspect("stxm.nxs", "--empty-region", "0,5")
    assert code == 1
    assert "Y0,Y1,X0,X1" in err


def test_bad_pixels_are_looked_for_when_asked(inspect: Call, tmp_path: Path):
    transmission = np.exp(-made.ABSORBANCE)
    transmission[1] = np.nan
    made.fxi(tmp_path, img_xanes=transmission)
    name = "multipos_2D_xanes_scan2_id_31415.h5"
    assert "without any value" not in inspect(name)[1]
    assert "1 frame(s) without any value, at 8333.5 eV" in inspect(name, "--check-pixels")[1]


def test_pages_without_energies_are_images_that_could_be_a_stack(inspect: Call, tmp_path: Path):
    made.tiff_stack(tmp_path, "")
    _, out, _ = inspect("scan.tif")
    assert "a stack over them needs --energies" in " ".join(out.split())
    assert out.splitlines()[-1].startswith("cathograph ingest")
    (tmp_path / "list.dat").write_text("\n".join(map(str, made.ENERGIES_EV)))
    _, out, _ = inspect("scan.tif", "--energies", "list.dat")
    assert out.splitlines()[-1] == "cathograph xanes fit scan.tif --energies list.dat --out scan_map.tif"


def test_names_with_blanks_can_be_copied(inspect: Call, tmp_path: Path):
    _npy(tmp_path).rename(tmp_path / "my cell [1].npy")
    _, out, _ = inspect("my cell [1].npy")
    assert "cathograph ingest 'my cell [1].npy'" in out
    assert "file        my cell [1].npy" in out


def test_what_inspect_read_is_handed_to_ingest(inspect: Call, tmp_path: Path):
    # `ingest` knows no layouts: dataset and pixel size have to go along.
    made.fxi(tmp_path, X_eng=8.333)
    _, out, _ = inspect("multipos_2D_xanes_scan2_id_31415.h5")
    assert "1 energies (/X_eng) for 4 frames" in " ".join(out.split())
    assert out.splitlines()[-1].endswith(
        "--sample 'NMC 811 charged' --dataset /img_xanes --pixel-size-nm 20.3125"
    )
    _parse(out.splitlines()[-1])


@pytest.mark.parametrize("content", [b"", b"hello", None])
def test_files_that_cannot_be_opened(content: bytes | None, inspect: Call, tmp_path: Path):
    if content is not None:
        (tmp_path / "a.tif").write_bytes(content)
    code, out, err = inspect("a.tif")
    assert (code, out) == (1, "")
    assert err.startswith("Error: a.tif: found")


def _codes(folder: Path) -> Path:
    Image.fromarray(np.arange(480, dtype=np.uint8).reshape(20, 24) % 3).save(folder / "a.png", dpi=(96, 96))
    return folder / "a.png"


def _imagej(folder: Path) -> Path:
    values = np.arange(3 * 20 * 24, dtype=np.uint16).reshape(3, 20, 24) % 3
    tifffile.imwrite(
        folder / "a.tif",
        values,
        imagej=True,
        resolution=(2, 2),
        metadata={"axes": "ZYX", "unit": "um", "spacing": 0.5},
    )
    return folder / "a.tif"


def _turned(folder: Path) -> Path:
    tifffile.imwrite(folder / "a.tif", np.arange(480, dtype=np.uint8).reshape(20, 24) % 3, photometric="miniswhite",
                     extratags=[(274, "H", 1, 6, True)])  # fmt: skip
    return folder / "a.tif"


def _unwritten(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("d", shape=(2, 20, 24), dtype="u1", chunks=(1, 20, 24), compression="gzip")[0] = 1
    return folder / "a.h5"


def _lossy(folder: Path) -> Path:
    Image.fromarray(np.arange(480, dtype=np.uint8).reshape(20, 24)).save(folder / "a.jpg")
    return folder / "a.jpg"


def _slices(folder: Path) -> Path:
    (folder / "slices").mkdir()
    for number in range(3):
        tifffile.imwrite(folder / "slices" / f"s{number}.tif", np.eye(20, dtype=np.uint8) + 1)
    return folder / "slices"


def _zarr_of_two(folder: Path) -> Path:
    values = np.arange(2 * 20 * 24, dtype=np.uint8).reshape(2, 20, 24) % 3
    zarr.create_array(folder / "a.zarr", data=values, chunks=(1, 20, 24), dimension_names=["z", "y", "x"])
    return folder / "a.zarr"


READINGS: dict[str, tuple[Callable[[Path], Path], list[str]]] = {
    "png": (_codes, []),
    "tiff": (_imagej, []),
    "turned": (_turned, []),
    "jpeg": (_lossy, []),
    "slices": (_slices, ["--volume"]),
    "zarr": (_zarr_of_two, []),
}


@pytest.mark.parametrize("name", READINGS)
def test_a_dry_run_prints_the_same_reading(name: str, inspect: Call, tmp_path: Path, capfd, monkeypatch):
    make, more = READINGS[name]
    path = make(tmp_path).name
    record = json.loads(inspect(path, "--json")[1])["reading"]
    assert record is not None
    lines = inspect(path)[1].splitlines()

    def dry_run(*options: str) -> str:
        command = ["ingest", path, "--sample", "s", "--dry-run", "--pixel-size-nm", "50", *more, *options]
        if name != "jpeg":
            command += ["--as", "phases", "--phases", "0=background,1=NMC,2=SSE"]
        monkeypatch.setattr("sys.argv", ["cathograph", *command])
        capfd.readouterr()
        with pytest.raises(SystemExit):
            main()
        return capfd.readouterr().out

    outcomes = json.loads(dry_run("--json"))
    assert {json.dumps(outcome["reading"]) for outcome in outcomes} == {json.dumps(record)}
    printed = dry_run().splitlines()
    about = [
        line
        for line in printed
        if line.startswith(("images", "axes", "pixel size", "filters", "orientation"))
    ]
    assert len(about) == 5
    assert set(about) <= set(lines)


def test_parts_that_nobody_wrote_are_in_both(inspect: Call, tmp_path: Path, capfd, monkeypatch):
    path = _unwritten(tmp_path).name
    code, out, _ = inspect(path)
    assert (code, "problem" in out, "1 of 2 chunks" in " ".join(out.split())) == (0, True, True)
    command = ["ingest", path, "--sample", "s", "--dry-run", "--json", "--as", "phases", "--phases", "0=SSE,1=NMC",
               "--pixel-size-nm", "50", "--fill-unwritten"]  # fmt: skip
    monkeypatch.setattr("sys.argv", ["cathograph", *command])
    capfd.readouterr()
    with pytest.raises(SystemExit):
        main()
    readings = [outcome["reading"] for outcome in json.loads(capfd.readouterr().out)]
    assert all("1 of 2 chunks" in reading["unwritten"] for reading in readings)


def test_a_channel_is_looked_at_and_goes_into_the_command(inspect: Call, tmp_path: Path):
    rng = np.random.default_rng(0)
    tifffile.imwrite(
        tmp_path / "map.tif", rng.integers(0, 255, (20, 24, 3), dtype=np.uint8), photometric="rgb"
    )
    code, _, err = inspect("map.tif")
    assert code == 1
    assert "--channel" in err
    code, out, _ = inspect("map.tif", "--channel", "green")
    assert code == 0
    assert "--channel green" in out.splitlines()[-1]
    _parse(out.splitlines()[-1])
    assert json.loads(inspect("map.tif", "--channel", "1", "--json")[1])["reading"]["channel"] == "green"

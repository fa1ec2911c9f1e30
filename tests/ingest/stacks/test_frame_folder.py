"""One file per energy: which file is what, at which energy, and what keeps a folder from being a stack."""

import struct

import numpy as np
import pytest
import tifffile
from ole_file import write_ole

from cathograph.ingest.stacks import Signal, open_beamline_stack
from cathograph.ingest.stacks.frame_folder import energy_in_name
from cathograph.schema.errors import InputImageError

ENERGIES_EV = [8330.0, 8340.5, 8350.0]
FRAMES = np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5) / 100 + 0.2


def write_xrm(path, counts, energy=0.0):
    height, width = counts.shape
    whole = {"ImageWidth": width, "ImageHeight": height, "ImagesTaken": 1, "NoOfImages": 1, "DataType": 5}
    streams = {f"ImageInfo/{name}": struct.pack("<i", value) for name, value in whole.items()}
    streams["ImageInfo/PixelSize"] = struct.pack("<f", 0.0355)
    streams["ImageInfo/Energy"] = struct.pack("<f", energy)
    write_ole(path, streams | {"ImageData1/Image1": counts.astype("u2").tobytes()})


def write_tiffs(folder, names, frames=FRAMES):
    folder.mkdir(exist_ok=True)
    for name, frame in zip(names, frames, strict=True):
        tifffile.imwrite(folder / name, frame, photometric="minisblack")
    return folder


@pytest.mark.parametrize(
    ("name", "energy"),
    [
        ("rep01_000012_ref_1_ocv_08324.0_eV_001of001.xrm", 8324.0),
        ("scan_8353_0eV.tif", 8353.0),
        ("scan_8353_25eV.tif", 8353.25),
        ("000012_8330eV.tif", 8330.0),
        ("a 8330 eV.tif", 8330.0),
        ("8.3535keV.tif", 8353.5),
        ("sample_8353.5.tif", 8353.5),
        ("8353.5_8354.5.tif", None),
        ("8330eV_8340eV.tif", None),
        ("slice_0012.tif", None),
        ("8353.tif", None),
    ],
)
def test_energies_in_names(name, energy):
    assert energy_in_name(name) == energy


def test_frames_are_sorted_by_energy_whatever_the_order_of_their_names(tmp_path):
    names = [f"{letter}_{energy:.1f}eV.tif" for letter, energy in zip("cab", ENERGIES_EV, strict=True)]
    stack = open_beamline_stack(write_tiffs(tmp_path / "scan", names))
    assert stack.energies_ev.tolist() == ENERGIES_EV
    np.testing.assert_array_equal(stack.read_rows(0, 4), FRAMES)
    np.testing.assert_array_equal(stack.read_frame(1), FRAMES[1])


def test_flats_of_their_energy_and_darks_divide_the_frames(tmp_path):
    # Beam 1000, 2000, 3000 above a dark of 100; transmission 1/2 everywhere: absorbance ln 2.
    for place, energy in enumerate(ENERGIES_EV):
        beam = 1000 * (place + 1)
        write_xrm(tmp_path / f"s_{energy:09.2f}_eV.xrm", np.full((4, 5), beam // 2 + 100))
        write_xrm(tmp_path / f"s_ref_{energy:09.2f}_eV.xrm", np.full((4, 5), beam + 100))
    write_xrm(tmp_path / "dark_1.xrm", np.full((4, 5), 90))
    write_xrm(tmp_path / "dark_2.xrm", np.full((4, 5), 110))
    stack = open_beamline_stack(tmp_path)
    assert (stack.signal, stack.flats.count, stack.darks.count) == (Signal.COUNTS, 3, 2)
    assert stack.energies_ev.tolist() == ENERGIES_EV
    assert stack.pixel_size_um == pytest.approx(0.0355)
    np.testing.assert_allclose(stack.read_rows(0, 4), np.log(2), atol=1e-6)


def test_the_header_counts_before_the_name(tmp_path):
    for place, energy in enumerate(ENERGIES_EV):
        write_xrm(tmp_path / f"s_{place}_9000.0_eV.xrm", np.full((4, 5), 500), energy)
        write_xrm(tmp_path / f"flat_{place}.xrm", np.full((4, 5), 1000), energy)
    stack = open_beamline_stack(tmp_path)
    assert stack.energies_ev.tolist() == ENERGIES_EV
    assert "headers" in " ".join(stack.metadata.notes)


def test_energies_of_a_table_are_those_of_the_names_in_order(tmp_path):
    folder = write_tiffs(tmp_path / "scan", ["a.tif", "b.tif", "c.tif"])
    with pytest.raises(InputImageError, match="`energies`"):
        open_beamline_stack(folder)
    table = tmp_path / "energies.txt"
    table.write_text("\n".join(map(str, ENERGIES_EV)))
    stack = open_beamline_stack(folder, energies=table)
    np.testing.assert_array_equal(stack.read_frame(2), FRAMES[2])


@pytest.mark.parametrize(
    ("names", "facts"),
    [
        (
            ["a_8330eV.tif", "b_8330.0eV.tif", "c_8340eV.tif"],
            ["2 frames", "8330 eV", "a_8330eV.tif", "b_8330.0eV.tif"],
        ),
        (["a_8330eV.tif", "b.tif", "c_8340eV.tif"], ["1 of 3", "b.tif", "`energies`"]),
        (["flat_8330eV.tif", "ref_8340eV.tif", "dark.tif"], ["3 files", "flat", "dark"]),
        (["a_8330eV.tif", "b_8340eV.tif", "flat_8330eV.tif"], ["1 of 2", "8340 eV", "`flats`"]),
    ],
)
def test_folders_that_are_no_stack_are_refused_with_the_files(tmp_path, names, facts):
    folder = write_tiffs(tmp_path / "scan", names)
    with pytest.raises(InputImageError) as refused:
        open_beamline_stack(folder)
    for fact in facts:
        assert fact in str(refused.value)


def test_frames_of_another_size_or_type_or_with_pages_are_refused(tmp_path):
    folder = write_tiffs(tmp_path / "scan", ["a_8330eV.tif", "b_8340eV.tif", "c_8350eV.tif"])
    for wrong, fact in (
        (np.zeros((4, 6), np.float32), "(4, 6)"),
        (np.zeros((4, 5), np.uint16), "uint16"),
        (np.zeros((2, 4, 5), np.float32), "(2, 4, 5)"),
    ):
        tifffile.imwrite(folder / "b_8340eV.tif", wrong, photometric="minisblack")
        with pytest.raises(InputImageError) as refused:
            open_beamline_stack(folder)
        assert "b_8340eV.tif" in str(refused.value)
        assert fact in str(refused.value)


@pytest.mark.parametrize("dtype", ["u2", "i4", "f4"])
def test_raw_counts_are_not_taken_for_absorbance(tmp_path, dtype):
    counts = (4000 * np.exp(-FRAMES)).astype(dtype)
    folder = write_tiffs(tmp_path / "scan", [f"s_{energy}eV.tif" for energy in ENERGIES_EV], counts)
    with pytest.raises(InputImageError) as refused:
        open_beamline_stack(folder)
    for fact in ("`flats`", "`empty_region`", "`values`", "count"):
        assert fact in str(refused.value)
    assert open_beamline_stack(folder, values="absorbance").signal is Signal.ABSORBANCE
    flat = tmp_path / "flat.tif"
    tifffile.imwrite(flat, np.full((4, 5), 4000, dtype))
    divided = open_beamline_stack(folder, flats=flat).read_rows(0, 4)
    np.testing.assert_allclose(divided, FRAMES, atol=1e-3)

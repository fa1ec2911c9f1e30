"""Files that could do harm, are damaged or still being written: one clear line each, by format."""

import json
import pickle
import shutil
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import beamline_files as made
import h5py
import numpy as np
import pytest
import zarr

from cathograph.ingest.formats import open_image
from cathograph.ingest.stacks import look_for_bad_pixels, open_beamline_stack
from cathograph.ingest.stacks.layout import read_layout
from cathograph.schema.errors import InputImageError


def _refused(path: Path, *arguments: object, **how: object) -> str:
    """Open and read; return the message, which must be one line that says what to do."""
    with pytest.raises(InputImageError) as caught:
        look_for_bad_pixels(open_beamline_stack(path, *arguments, **how))  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    assert "expected" in message or "Still being written?" in message
    return message


# HDF5


def test_the_content_tells_the_format_not_the_suffix(tmp_path: Path):
    path = made.fxi(tmp_path).rename(tmp_path / "scan.tif")
    assert open_beamline_stack(path).metadata.format == "HDF5, FXI full-field XANES"


def test_hdf5_of_no_known_layout(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["stack"] = made.ABSORBANCE
    message = _refused(tmp_path / "a.h5")
    assert "no known layout (holds stack)" in message
    assert "`layout`" in message


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.999])
def test_truncated_hdf5(part: float, tmp_path: Path):
    path = made.data_exchange(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    assert "Still being written?" in _refused(path)


def test_links_and_storage_outside_the_file(tmp_path: Path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["data"] = np.exp(-made.ABSORBANCE)
        file["x/data"] = made.COUNTS
    (tmp_path / "raw.bin").write_bytes(bytes(560))

    for case in ("external link", "behind a soft link", "external storage", "virtual"):
        path = made.fxi(tmp_path, img_xanes=None)
        with h5py.File(path, "a") as file:
            if case == "external link":
                file["img_xanes"] = h5py.ExternalLink(str(secret), "/data")
            elif case == "behind a soft link":
                file["elsewhere"] = h5py.ExternalLink(str(secret), "/")
                file["img_xanes"] = h5py.SoftLink("/elsewhere/data")
            elif case == "external storage":
                file.create_dataset(
                    "img_xanes", (4, 5, 7), "f4", external=[(str(tmp_path / "raw.bin"), 0, 560)]
                )
            else:
                layout = h5py.VirtualLayout(shape=(4, 5, 7), dtype="f4")
                layout[:] = h5py.VirtualSource(secret, "data", shape=(4, 5, 7))
                file.create_virtual_dataset("img_xanes", layout)
        words = "another file" if "link" in case else "other files"
        assert words in _refused(path), case


@pytest.mark.parametrize("name", ["X_eng", "note", "Pixel Size"])
def test_facts_outside_the_file_are_refused_too(name: str, tmp_path: Path):
    path = made.fxi(tmp_path, **{name: None})
    with h5py.File(path, "a") as file:
        file[name] = h5py.ExternalLink("secret.h5", "/data")
    assert "another file" in _refused(path)


def test_an_exchange_group_of_another_file_is_none(tmp_path: Path):
    path = tmp_path / "a.h5"
    shutil.copy(made.data_exchange(tmp_path), tmp_path / "secret.h5")
    with h5py.File(path, "w") as file:
        file["exchange"] = h5py.ExternalLink("secret.h5", "/exchange")
        file["entry"] = h5py.ExternalLink("secret.h5", "/")
    assert "no known layout" in _refused(path)


def test_links_in_a_circle(tmp_path: Path):
    path = made.fxi(tmp_path, img_xanes=None)
    with h5py.File(path, "a") as file:
        file["img_xanes"] = h5py.SoftLink("/b")
        file["b"] = h5py.SoftLink("/img_xanes")
        file["loop"] = file["/"]  # a hard link to itself: walks must end
    assert "circle" in _refused(path)


def test_a_decompression_bomb(tmp_path: Path):
    # 4 frames of 16384², written as zeros: 4 GiB in 4 MiB. Chunks are written packed, never expanded.
    path = made.fxi(tmp_path, img_xanes=None)
    chunk = (1, 2048, 2048)
    packed = _packed(np.zeros(chunk, "f4"))
    with h5py.File(path, "a") as file:
        stored = file.create_dataset("img_xanes", (4, 16384, 16384), "f4", chunks=chunk, compression="gzip")
        for frame in range(4):
            for y in range(0, 16384, 2048):
                for x in range(0, 16384, 2048):
                    stored.id.write_direct_chunk((frame, y, x), packed)
    message = _refused(path, max_expansion=500)
    assert "4096 MiB" in message
    assert "expected at most ×500" in message
    assert "`max_expansion`" in message
    # By default the limit is what deflate can do at best, and a frame of zeros comes close to it.
    assert open_beamline_stack(path).shape == (4, 16384, 16384)


def _packed(values: np.ndarray) -> bytes:
    import zlib

    return zlib.compress(values.tobytes(), 9)


def test_frames_that_are_declared_and_not_written(tmp_path: Path):
    path = made.fxi(tmp_path, img_xanes=None)
    with h5py.File(path, "a") as file:
        stored = file.create_dataset("img_xanes", (4, 5, 7), "f4", chunks=(1, 5, 7))
        stored[:3] = 0.5
    message = _refused(path)
    assert "3 of 4 chunks" in message
    assert "Still being written?" in message
    with h5py.File(path, "a") as file:
        del file["img_xanes"]
        file.create_dataset("img_xanes", (4, 50000, 50000), "f4", chunks=(1, 500, 500))[0, :500, :500] = 0.5
    assert "38147 MiB" in _refused(path)


def test_a_file_that_is_open_for_writing(tmp_path: Path):
    script = (
        "import h5py, sys, numpy as np; f = h5py.File(sys.argv[1], 'w', libver='latest');"
        "f['X_eng'] = [8.33, 8.34]; d = f.create_dataset('img_xanes', (2, 3, 3), 'f4', chunks=(1, 3, 3));"
        "f.swmr_mode = True; d[:] = 0.5; f.flush(); print(); input()"
    )
    path = tmp_path / "live.h5"
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            assert "Still being written?" in _refused(path)
            # A copy of it has no lock, but the flag of its writer.
            shutil.copy(path, tmp_path / "copy.h5")
            assert "Still being written?" in _refused(tmp_path / "copy.h5")
        finally:
            process.communicate(b"\n")
    assert open_beamline_stack(path).shape == (2, 3, 3)


def test_a_file_that_grows_after_it_was_opened(tmp_path: Path):
    path = made.fxi(tmp_path)
    stack = open_beamline_stack(path)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(InputImageError, match="changed while it was read"):
        stack.read_rows(0, 2)


@pytest.mark.parametrize("which", ["flats", "darks", "energies", "layout"])
def test_a_file_beside_the_stack_that_grows_after_it_was_opened(which: str, tmp_path: Path):
    with h5py.File(tmp_path / "own.h5", "w") as file:
        file["cam"] = made.COUNTS
    files = {name: tmp_path / f"{name}.npy" for name in ("flats", "darks")}
    np.save(files["flats"], made.FLATS)
    np.save(files["darks"], made.FLATS[0] * 0)
    files["energies"] = tmp_path / "e.txt"
    np.savetxt(files["energies"], made.ENERGIES_EV)
    files["layout"] = tmp_path / "layout.yaml"
    files["layout"].write_text("frames: /cam\nvalues: counts\n")
    stack = open_beamline_stack(tmp_path / "own.h5", **files)  # type: ignore[arg-type]
    assert stack.read_rows(0, 2).shape == (4, 2, 7)
    assert [each["role"] for each in stack.as_record()["inputs"]] == [
        "stack", "energies", "flats", "darks", "layout"
    ]  # fmt: skip
    with files[which].open("ab") as file:
        file.write(b"# more")
    for read in (lambda: stack.read_rows(0, 2), lambda: stack.read_frame(1), stack.as_record):
        with pytest.raises(InputImageError, match=f"{files[which].name}: changed while it was read"):
            read()


@pytest.mark.parametrize("kind", ["definition", "note"])
def test_a_text_that_claims_hundreds_of_megabytes(kind: str, tmp_path: Path):
    # One value of 400 MB, packed into 400 kB: counting values does not find it.
    path = made.nexus_stxm(tmp_path) if kind == "definition" else made.fxi(tmp_path, note=None)
    size = 400_000_000
    with h5py.File(path, "a") as file:
        name = "entry1/definition" if kind == "definition" else "note"
        if name in file:
            del file[name]
        text = file.create_dataset(name, (1,), f"S{size}", chunks=(1,), compression="gzip")
        text.id.write_direct_chunk((0,), _packed(np.zeros(size // 8)))
    tracemalloc.start()
    try:
        message = _refused(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "found 381 MiB" in message
    assert peak < 50 << 20


# Layouts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("frames: !!python/object/apply:os.system ['touch ran']", "YAML tag"),
        ("frames: [", "no valid YAML"),
        ("frames: &a /x\nenergies: *a", "an anchor (&a)"),
        ("just a text", "the file"),
        ("", "the file"),
        ("energies: /e", "frames"),
        ("frames: /x\ncolour: red", "colour"),
        ("frames: /x\nvalues: counted", "values"),
        ("frames: /x\nenergy_unit: m", "energy_unit must be eV or keV"),
        ("frames: /x\npixel_size: 3.5", "pixel_size_unit"),
        ("frames: /x\nempty_region: [1, 2]", "empty_region"),
        ("frames: /x\n" + "#" * 70_000, "70011 bytes"),
        ("a: " + "[" * 600, "nested too deeply"),
        ("frames: /x\npixel_size: " + "9" * 5000, "pixel_size"),
        ("frames: /x\npixel_size: " + "9" * 4000 + "\npixel_size_unit: nm", "pixel_size"),
        ("frames: /x\ndate: !!bool maybe", "YAML tag"),
        ("frames: !!int ''", "YAML tag"),
        ("frames: !!timestamp now", "YAML tag"),
        ("date: 0001-01-01 00:00:00+23:59", "layout.yaml, line 1: found"),
    ],
)
def test_layouts_that_are_none(text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("layout.yaml").write_text(text)
    with pytest.raises(InputImageError) as caught:
        read_layout(Path("layout.yaml"))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not Path("ran").exists()


def test_a_layout_with_a_wrong_path(tmp_path: Path):
    (tmp_path / "layout.yaml").write_text("frames: /nothing\nenergies: /X_eng\n")
    assert "no '/nothing'" in _refused(made.fxi(tmp_path), tmp_path / "layout.yaml")
    (tmp_path / "layout.yaml").write_text("frames: /img_xanes\nenergies: /nothing\n")
    assert "no dataset at /nothing" in _refused(made.fxi(tmp_path), tmp_path / "layout.yaml")


# Zarr


def test_a_path_out_of_the_store(tmp_path: Path):
    outside = made.ome_zarr(tmp_path).rename(tmp_path / "secret.zarr")
    assert outside.is_dir()
    for level in ("../secret.zarr/0", "/etc", "0/../../secret.zarr/0", "..\\secret.zarr\\0", "C:\\x"):
        store = made.ome_zarr(tmp_path, level=level)
        assert "leads out of the store" in _refused(store), level
    with pytest.raises(InputImageError, match="leads out of the store"):
        open_image(outside, dataset="../scan.ome.zarr/0")


def test_a_link_in_the_store(tmp_path: Path):
    store = made.ome_zarr(tmp_path)
    (tmp_path / "secret").write_bytes(b"x")
    (store / "0" / "c" / "0" / "0" / "9").symlink_to(tmp_path / "secret")
    assert "symbolic link" in _refused(store)


@pytest.mark.parametrize("version", [2, 3])
def test_a_codec_that_unpickles(version: int, tmp_path: Path):
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "ran",)

    store = made.ome_zarr(tmp_path, version="0.5" if version == 3 else "0.4")
    metadata = store / "0" / ("zarr.json" if version == 3 else ".zarray")
    content = json.loads(metadata.read_text())
    if version == 3:
        content["codecs"] = [{"name": "bytes"}, {"name": "numcodecs.pickle"}]
    else:
        content["compressor"] = {"id": "pickle", "protocol": 5}
    metadata.write_text(json.dumps(content))
    for chunk in store.rglob("c/*/*/*" if version == 3 else "0/[0-9]*"):
        if chunk.is_file():
            chunk.write_bytes(pickle.dumps(Trap()))
    assert "the codec 'pickle'" in _refused(store)
    assert not (tmp_path / "ran").exists()


def test_a_codec_inside_a_shard_is_looked_at(tmp_path: Path):
    path = tmp_path / "a.zarr"
    zarr.create_array(path, shape=(4, 6, 6), shards=(4, 6, 6), chunks=(1, 3, 3), dtype="f4")[:] = 1
    content = json.loads((path / "zarr.json").read_text())
    inner = next(codec for codec in content["codecs"] if codec["name"] == "sharding_indexed")
    inner["configuration"]["codecs"].append({"name": "numcodecs.pickle"})
    (path / "zarr.json").write_text(json.dumps(content))
    assert "the codec 'pickle'" in _refused(path)


def test_damage_in_a_store(tmp_path: Path):
    store = made.ome_zarr(tmp_path)
    chunk = next(store.rglob("c/*/*/*"))
    chunk.write_bytes(chunk.read_bytes()[:-3])
    assert "Still being written?" in _refused(store)
    (store / "0" / "zarr.json").write_text("{")
    assert "no metadata" in _refused(store)
    (store / "0" / "zarr.json").unlink()
    assert "no array '0'" in _refused(store)


def test_chunks_that_are_not_there(tmp_path: Path):
    store = made.ome_zarr(tmp_path)
    chunks = sorted(store.rglob("c/*/*/*"))
    chunks[0].unlink()
    assert "7 of 8 chunks" in _refused(store)
    for chunk in chunks[1:]:
        chunk.unlink()
    assert "no pixels written" in _refused(store)


def test_a_store_that_claims_too_much(tmp_path: Path):
    store = tmp_path / "a.zarr"
    zarr.create_array(store, shape=(4, 20000, 20000), chunks=(1, 100, 100), dtype="f4")[0, :9, :9] = 1
    message = _refused(store)
    assert "6104 MiB" in message
    assert "`max_expansion`" in message


def test_a_scale_that_is_none(tmp_path: Path):
    assert "expected 3 numbers above 0" in _refused(made.ome_zarr(tmp_path, scale_um=-1.0))


def test_a_folder_that_is_no_store(tmp_path: Path):
    assert "a directory" in _refused(tmp_path)


# Xradia


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ImageInfo__DataType": struct.pack("<I", 3)}, "type 3"),
        ({"ImageInfo__DataType": b""}, "DataType = 0"),
        ({"ImageInfo__ImageWidth": struct.pack("<i", -7)}, "ImageWidth = -7"),
        ({"ImageInfo__ImageWidth": struct.pack("<i", 2**30)}, "ImageWidth = 1073741824"),
        ({"ImageInfo__ImagesTaken": struct.pack("<I", 5)}, "0 bytes for image 5 of 5"),
        ({"ImageData1__Image2": b"\0" * 69}, "69 bytes for image 2 of 4; expected 70"),
        ({"ImageInfo__ImageWidth": None}, "without ImageInfo/ImageWidth"),
        ({"ImageInfo__Energy": None}, "ImageInfo/Energy is absent or zero"),
        ({"ImageInfo__Energy": bytes(16)}, "ImageInfo/Energy is absent or zero"),
    ],
)
def test_wrong_streams(changes: dict[str, bytes | None], words: str, tmp_path: Path):
    assert words in _refused(made.txrm(tmp_path, **changes))


@pytest.mark.parametrize("size", [8, 100, 511, 512, 600, 1024, 2000, 3000])
def test_a_cut_ole_file(size: int, tmp_path: Path):
    path = made.txrm(tmp_path)
    path.write_bytes(path.read_bytes()[:size])
    assert "Still being written?" in _refused(path)


def test_damaged_bytes_of_ole_never_raise_a_foreign_error(tmp_path: Path):
    path = made.txrm(tmp_path)
    content = path.read_bytes()
    dice = np.random.default_rng(7)
    refused = 0
    for _ in range(200):
        damaged = bytearray(content)
        for _ in range(int(dice.choice([1, 4, 40]))):
            damaged[dice.integers(len(damaged))] = dice.integers(256)
        path.write_bytes(damaged)
        try:
            look_for_bad_pixels(open_beamline_stack(path, values="transmission"))
        except InputImageError:
            refused += 1
    assert refused > 0


# Memory


def test_a_few_rows_of_a_large_stack_take_little_memory(tmp_path: Path):
    path = tmp_path / "large.h5"
    with h5py.File(path, "w") as file:
        file["X_eng"] = np.linspace(8.21, 8.7, 63)
        frames = file.create_dataset("img_xanes", (63, 256, 1024), "f4", chunks=(1, 64, 1024))
        for place in range(63):
            frames[place] = 0.5
    stack = open_beamline_stack(path)
    tracemalloc.start()
    try:
        rows = stack.read_rows(100, 108)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows.shape == (63, 8, 1024)
    # 63 × 8 × 1024 values of 4 bytes are 2 MB, of the stack's 66 MB; a few copies of them are fine.
    assert peak < 5 * rows.nbytes

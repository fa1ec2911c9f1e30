"""Every kind of file that cannot be an image: one clear line, never a foreign traceback."""

import logging
import os
import pickle
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from PIL import Image

from cathograph.ingest.formats import open_image
from cathograph.schema.errors import InputImageError

FIELD = np.arange(400, dtype=np.uint8).reshape(20, 20)


def _refused(path: Path, **how: object) -> str:
    """Open and read all pages; return the message, which must be one line that says what to do."""
    with pytest.raises(InputImageError) as caught:
        list(open_image(path, **how).pages)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert "expected" in message or "Still being written?" in message
    return message


def _hdf5(path: Path, **datasets: object) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values
    return path


def test_missing_file(tmp_path: Path):
    assert "no such file" in _refused(tmp_path / "nothing.tif")


def test_directory(tmp_path: Path):
    assert "a directory" in _refused(tmp_path)


def test_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # a socket's path has at most 107 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("door")
        assert "device or pipe" in _refused(Path("door"))


def test_path_with_a_nul(tmp_path: Path):
    with pytest.raises(InputImageError, match=r"a\\x00b"):
        open_image(tmp_path / "a\0b")


def test_path_with_a_line_break_stays_one_line(tmp_path: Path):
    with pytest.raises(InputImageError, match=r"a\\nb") as caught:
        open_image(tmp_path / "a\nb")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read(tmp_path: Path):
    path = tmp_path / "a.npy"
    np.save(path, FIELD)
    path.chmod(0)
    assert "Check its permissions" in _refused(path)


def test_empty_file(tmp_path: Path):
    path = tmp_path / "a.tif"
    path.touch()
    assert "an empty file" in _refused(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hello world", "begins with b'hello wo'"),
        (b"\0" * 100, "Still being written?"),  # some writers fill in the header last
        (b"\x1f\x8b\x08\0\0", "gzip"),
        (b"GIF89a....", "GIF"),
        (b"MATLAB 5.0 MAT-file", "-v7.3"),
        (pickle.dumps({"image": 1}), "pickle"),
    ],
)
def test_wrong_magic(content: bytes, words: str, tmp_path: Path):
    path = tmp_path / "a.tif"
    path.write_bytes(content)
    assert words in _refused(path)


def test_npz(tmp_path: Path):
    np.savez(tmp_path / "a.npz", FIELD)
    assert zipfile.is_zipfile(tmp_path / "a.npz")
    assert ".npz" in _refused(tmp_path / "a.npz")


WRITERS: dict[str, Callable[[Path, np.ndarray], None]] = {
    "a.npy": np.save,
    "a.h5": lambda path, values: _hdf5(path, data=values) and None,
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros((0, 5)), "without pixels (0×5)"),
        (np.zeros((3, 0, 5)), "without pixels"),
        (np.zeros(7), "1 axis"),
        (np.zeros((2, 3, 4, 5)), "4 axes (2×3×4×5)"),
        (np.zeros((2, 2, 3, 4, 5)), "5 axes"),
        (np.zeros((4, 4), dtype=np.complex64), "complex numbers"),
        (np.zeros((4, 4), dtype="S3"), "text"),
    ],
)
def test_arrays_that_are_no_images(name: str, values: np.ndarray, words: str, tmp_path: Path):
    WRITERS[name](tmp_path / name, values)
    # HDF5 is asked by name: by itself it would find no dataset that could be an image.
    assert words in _refused(tmp_path / name, **({"dataset": "data"} if name == "a.h5" else {}))


def test_numpy_scalar_text_and_records(tmp_path: Path):
    for values, words in [
        (np.array(3.0), "0 axis"),
        (np.array([["a", "b"]]), "text"),
        (np.zeros((2, 2), dtype=[("x", "f4"), ("y", "f4")]), "records"),
        (np.zeros((2, 2), dtype="M8[s]"), "values"),
    ]:
        np.save(tmp_path / "a.npy", values)
        assert words in _refused(tmp_path / "a.npy")


def test_numpy_objects_are_never_unpickled(tmp_path: Path):
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "ran",)

    np.save(tmp_path / "a.npy", np.array([[Trap(), None]], dtype=object), allow_pickle=True)
    assert "Python objects" in _refused(tmp_path / "a.npy")
    assert not (tmp_path / "ran").exists()


def test_numpy_header_is_never_evaluated(tmp_path: Path):
    np.save(tmp_path / "a.npy", FIELD)
    content = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(content.replace(b"(20, 20)", b"(2*2,99)"))
    assert "damaged" in _refused(tmp_path / "a.npy")


def test_numpy_file_with_two_arrays(tmp_path: Path):
    with (tmp_path / "a.npy").open("wb") as file:
        np.save(file, FIELD)
        np.save(file, FIELD)
    assert "several arrays" in _refused(tmp_path / "a.npy")


def test_numpy_header_that_claims_more_than_there_is(tmp_path: Path):
    np.save(tmp_path / "a.npy", FIELD)
    content = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(content.replace(b"(20, 20), }", b"(99, 20), }"))
    assert "truncated" in _refused(tmp_path / "a.npy")


def test_colour_is_refused(tmp_path: Path):
    colour = np.repeat(FIELD[..., None], 3, axis=2)
    colour[4, 7, 1] ^= 1
    Image.fromarray(colour).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", colour, photometric="rgb")
    np.save(tmp_path / "a.npy", colour)
    for name in ("a.png", "a.tif", "a.npy"):
        assert "1 coloured pixels, first at y=4, x=7" in _refused(tmp_path / name)


def test_alpha_that_hides_pixels_is_refused(tmp_path: Path):
    alpha = np.full_like(FIELD, 255)
    alpha[3, 3] = 0
    Image.fromarray(np.dstack([FIELD, alpha])).save(tmp_path / "a.png")
    assert "alpha" in _refused(tmp_path / "a.png")


def test_png_that_pillow_would_cut_to_8_bits(tmp_path: Path):
    Image.fromarray(FIELD.astype(np.uint16) * 257).save(tmp_path / "a.png")
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[25] = 2  # the colour type byte of the header: grey becomes RGB
    (tmp_path / "a.png").write_bytes(content)
    assert "16 bits with colour" in _refused(tmp_path / "a.png")


def test_animated_png(tmp_path: Path):
    frames = [Image.fromarray(FIELD), Image.fromarray(255 - FIELD)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    assert "animated" in _refused(tmp_path / "a.png")


def test_cmyk_jpeg(tmp_path: Path):
    Image.fromarray(FIELD).convert("CMYK").save(tmp_path / "a.jpg")
    assert "mode CMYK" in _refused(tmp_path / "a.jpg")


def test_volume_of_one_page(tmp_path: Path):
    np.save(tmp_path / "a.npy", FIELD)
    assert "Leave out `volume`" in _refused(tmp_path / "a.npy", volume=True)


def test_dataset_of_a_file_without_datasets(tmp_path: Path):
    np.save(tmp_path / "a.npy", FIELD)
    assert "Leave out `dataset`" in _refused(tmp_path / "a.npy", dataset="x")


def test_bombs_are_refused_before_they_are_expanded(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        # 400 GB that were never written, but for one chunk
        bomb = file.create_dataset(
            "data", shape=(200_000, 1_000_000), dtype="u2", chunks=(64, 64), compression="gzip"
        )
        bomb[:64, :64] = 1
    assert "GiB" in _refused(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        bomb = file.create_dataset(
            "data", shape=(20_000, 20_000), dtype="u1", chunks=(64, 64), compression="gzip"
        )
        bomb[:64, :64] = 1
    assert "decompression bomb" in _refused(tmp_path / "b.h5")


def test_png_bomb(tmp_path: Path):
    # 16 million by 16 million pixels in a header with a right checksum.
    import zlib

    header = b"IHDR" + (2**24).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    chunks = [header, b"IDAT" + zlib.compress(b"\0" * 100), b"IEND"]
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        (len(c) - 4).to_bytes(4, "big") + c + zlib.crc32(c).to_bytes(4, "big") for c in chunks
    )
    (tmp_path / "a.png").write_bytes(content)
    assert "GiB" in _refused(tmp_path / "a.png")


def test_no_log_of_tifffile_reaches_the_user(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((9, 30, 30), dtype=np.uint8), photometric="minisblack")
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[:-300])
    with caplog.at_level(logging.DEBUG):
        _refused(tmp_path / "a.tif")
    assert caplog.records == []
    assert capsys.readouterr() == ("", "")
    # and the log of others is still theirs
    tifffile.logger().warning("mine")
    assert [record.getMessage() for record in caplog.records] == ["mine"]

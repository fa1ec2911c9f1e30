"""Malformed files: good ones, damaged at random, read in a child process.

A reader may refuse (one of our errors) or read whatever is there; it may not raise anything else, crash its process,
take more memory than a machine has, or never end. The child says which file it begins before it does, so that a
crash is laid to the right one.
"""

import io
import json
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cathograph.benchmarks.reliability.faults.site import RULES
from cathograph.benchmarks.reliability.faults.tally import Tally

_MOST_MEMORY = 6 << 30
_LIMIT_S = 60.0
_TELLING = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\0\0\0", b"nan", b"\n")


def malformed_files(*, number: int, seed: int = 1) -> Tally:
    """Read damaged TIFF, HDF5, npy, YAML and CSV files; each one in a child process."""
    tally = Tally(f"malformed files ({', '.join(kind for kind in _good_files())})", times=number)
    chance = random.Random(seed)  # noqa: S311  no secret
    good = _good_files()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        names = []
        for count in range(number):
            kind = list(good)[count % len(good)]
            suffix = kind.split(" ")[0]
            path = folder / f"{count:05}.{suffix}"
            path.write_bytes(damage(chance.choice(good[kind]), chance))
            names.append(path)
        refused = _read_all(names, tally)
    tally.notes.append(f"{refused} refused, the others could be read")
    return tally


def damage(content: bytes, chance: random.Random) -> bytes:
    """Damage a file in one to four places: flipped, cut, repeated, swapped, or with telling numbers written over.

    Examples
    --------
    >>> damage(b"abcdefgh", random.Random(3)) == b"abcdefgh"
    False
    """
    damaged = bytearray(content)
    while bytes(damaged) == content:
        for _ in range(chance.randint(1, 4)):
            # Half of the faults in the head, where sizes and types stand.
            most = len(damaged) if chance.random() < 0.5 else min(len(damaged), 512)
            at = chance.randrange(max(1, most))
            match chance.randrange(7):
                case 0:
                    damaged[at : at + 1] = bytes([chance.randrange(256)])
                case 1 if damaged:
                    damaged[at] ^= 1 << chance.randrange(8)
                case 2:
                    del damaged[at:]
                case 3:
                    del damaged[at : at + chance.randint(1, 64)]
                case 4:
                    damaged[at:at] = damaged[at : at + chance.randint(1, 64)]
                case 5:
                    word = chance.choice(_TELLING)
                    damaged[at : at + len(word)] = word
                case _:
                    other = chance.randrange(max(1, len(damaged)))
                    damaged[at : at + 4], damaged[other : other + 4] = (
                        damaged[other : other + 4],
                        damaged[at : at + 4],
                    )
        if not content:
            break
    return bytes(damaged)


def _good_files() -> dict[str, list[bytes]]:
    """Make small good files of every kind, several ways of writing each."""
    import h5py
    import numpy as np
    import tifffile

    image = np.arange(48 * 40, dtype=np.uint16).reshape(48, 40) % 4
    tiffs, hdf5s, arrays = [], [], []
    ways: Sequence[dict[str, Any]] = (
        {}, {"compression": "zlib"}, {"compression": "lzw"}, {"tile": (16, 16)}, {"bigtiff": True},
    )  # fmt: skip
    for options in ways:
        stream = io.BytesIO()
        tifffile.imwrite(stream, np.stack([image] * 2), resolution=(1e4, 1e4), **options)
        tiffs.append(stream.getvalue())
    stream = io.BytesIO()
    tifffile.imwrite(stream, image, ome=True, metadata={"axes": "YX", "PhysicalSizeX": 0.05})
    tiffs.append(stream.getvalue())
    ways = ({}, {"chunks": (16, 16), "compression": "gzip"}, {"chunks": (8, 40), "shuffle": True})
    for options in ways:
        stream = io.BytesIO()
        with h5py.File(stream, "w") as file:
            file.create_dataset("entry/data", data=image, **options)
        hdf5s.append(stream.getvalue())
    for each in (image, image.astype(">f4"), np.asfortranarray(image)):
        stream = io.BytesIO()
        np.save(stream, each)
        arrays.append(stream.getvalue())
    named = "pattern: '(?P<f>.+)_label.tif'\n    as: regions\n    phases: '{f}.csv'\n    sample: s{f}\n"
    rules = [RULES.encode(), f"beamtime: b\npixel_size_nm: 50\nfiles:\n  - {named}".encode()]
    return {
        "tif": tiffs,
        "h5": hdf5s,
        "npy": arrays,
        "yaml (rules)": rules,
        "yml (phases)": [b"0: background\n1: NMC\n2: SSE\n3: Graphite\n"],
        "csv (phases)": [b"label,phase\n1,NMC\n2,SSE\n3,Graphite\n"],
    }


def _read_all(paths: list[Path], tally: Tally) -> int:
    """Have a child read all of them, a new one after each that it did not survive; give how many were refused."""
    refused = 0
    left = list(paths)
    while left:
        answers = _read_some(left)
        for path, answer in zip(left, answers, strict=False):
            if answer == "refused":
                refused += 1
            elif answer == "hung":
                tally.hangs += 1
                tally.notes.append(f"{path.suffix}: did not end")
            elif answer not in ("read",):
                tally.tracebacks += 1
                tally.notes.append(f"{path.name}: {answer}")
        left = left[len(answers) :]
    return refused


def _read_some(paths: list[Path]) -> list[str]:
    """Give the answer for each file up to the first that the child did not survive."""
    said = tempfile.TemporaryFile()  # noqa: SIM115  closed with the child
    child = subprocess.Popen(
        [sys.executable, "-m", "cathograph.benchmarks.reliability.faults.malformed"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        text=True,
    )
    answers: list[str] = []
    if child.stdin is None or child.stdout is None:
        return ["no pipe to the child"]
    with said, child:
        for path in paths:
            hung = threading.Event()

            def end(hung: threading.Event = hung) -> None:
                hung.set()
                child.kill()

            timer = threading.Timer(_LIMIT_S, end)
            timer.start()
            try:
                child.stdin.write(f"{json.dumps(str(path))}\n")
                child.stdin.flush()
                answer = child.stdout.readline().strip()
            except BrokenPipeError:
                answer = ""
            timer.cancel()
            if not answer and not hung.is_set():
                code = child.wait()
                said.seek(0)
                answer_of_death = said.read().decode(errors="replace").strip().splitlines()[-1:]
                answers.append(f"its reader died, code {code}: {' '.join(answer_of_death)}")
            else:
                answers.append(answer or "hung")
            if not answer:
                break
        child.stdin.close()
    return answers


def _read_here() -> None:
    """Read the files that standard input names, and say of each what came of it; the child's side."""
    import resource  # absent on Windows, where no process can be held to so much memory

    from cathograph.schema.errors import CathographError

    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    for line in sys.stdin:
        path = Path(json.loads(line))
        try:
            _reader_of(path)(path)
        except CathographError:
            answer = "refused"
        except Exception as error:  # noqa: BLE001  this is what is looked for
            answer = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        else:
            answer = "read"
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _reader_of(path: Path) -> Callable[[Path], object]:
    return {".yaml": _read_rules, ".yml": _read_phases, ".csv": _read_phases}.get(path.suffix, _read_image)


def _read_image(path: Path) -> object:
    from cathograph.ingest.formats import open_image
    from cathograph.schema.keys import hash_pixels

    file = open_image(path)
    return [hash_pixels(file.pages[index]) for index in range(len(file.pages))]


def _read_rules(path: Path) -> object:
    from cathograph.ingest.service.rules import RULES_FILE, read_rules

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / RULES_FILE).write_bytes(path.read_bytes())
        rules = read_rules(Path(folder))
        return rules.match("7_label.tif")


def _read_phases(path: Path) -> object:
    from cathograph.ingest.phase_maps import read_phase_map

    return read_phase_map(str(path))


if __name__ == "__main__":
    _read_here()

"""Install the wheel as users do, each documented set into an environment of its own, and run what it is for.

::

    make installs                                     # all sets
    .venv/bin/python .ci/installs.py --only ingest    # one of them

The wheel is built from the source archive, so both are tried. No environment sees the checkout: commands run in a
folder of their own, with PYTHONPATH unset. Versions and hashes are those of requirements.lock. One local database,
of the set ``ingest``, answers the questions of the others. Prints a Markdown table; the exit code is 0 only when every
line of it is fine.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
SETS = ("", "ingest", "dashboard", "unet", "gnn", "bench", "all")
_PHASES = "0=background,1=SSE,2=NMC,3=Graphite"
_MAKE_INPUT = """
import numpy as np, tifffile
from cathograph.phantom import phantom_set
from cathograph.schema.phases import NMC, SSE, GRAPHITE
(made,) = phantom_set("BLE", 1, seed=4)
assert [phase.code for phase in (SSE, NMC, GRAPHITE)] == [1, 2, 3]
tifffile.imwrite("mask.tif", made.phases[:300, :300].astype(np.uint8))
energies = np.arange(8250.0, 8501.0)
edge = 0.5 + np.arctan((energies - 8340) / 2) / np.pi + 0.6 * np.exp(-((energies - 8347) / 3) ** 2)
tifffile.imwrite("stack.tif", np.broadcast_to(edge[:, None, None], (len(energies), 6, 5)).astype(np.float32))
np.savetxt("energies.txt", energies)
"""
_IMPORT_ALL = """
import importlib, pkgutil, warnings, cathograph
warnings.simplefilter("ignore")
names = [each.name for each in pkgutil.walk_packages(cathograph.__path__, "cathograph.") if "__main__" not in each.name]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


class CheckError(Exception):
    """A command ended with another code than expected."""


@dataclass
class Environment:
    """One clean environment and the folder its commands run in."""

    name: str
    folder: Path
    work: Path
    variables: dict[str, str]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def run(self, *words: str, code: int = 0) -> str:
        """Run a program of this environment; give what it printed to both streams.

        Raises
        ------
        CheckError
            When the exit code is another one.
        """
        done = subprocess.run(
            [str(self.folder / "bin" / words[0]), *words[1:]],
            cwd=self.work,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != code:
            msg = f"{' '.join(words)[:200]}: found code {done.returncode}, expected {code}\n{done.stdout}{done.stderr}"
            raise CheckError(msg)
        return done.stdout + done.stderr


def build_wheel(folder: Path) -> Path:
    """Build the source archive, and the wheel from it."""
    _uv("build", "--quiet", "--build-constraints", "requirements.lock", "--out-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(extra: str, wheel: Path, top: Path) -> Environment:
    """Make a clean environment with the wheel and one of its extras."""
    folder = top / f"env-{extra or 'base'}"
    work = top / f"work-{extra or 'base'}"
    work.mkdir()
    _uv("venv", "--quiet", "--python", sys.executable, str(folder))
    what = f"cathograph[{extra}] @ {wheel.as_uri()}" if extra else f"cathograph @ {wheel.as_uri()}"
    _uv(
        "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), "--constraint",
        str(ROOT / "requirements.lock"), what,
    )  # fmt: skip
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "NEO4J", "CATHOGRAPH", "VIRTUAL_ENV"))
    }
    own = {"CATHOGRAPH_HOME": str(top / "home"), "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    return Environment(extra, folder, work, kept | own)


def only_our_name(env: Environment) -> str:
    """Look at what the wheel put into site-packages: one folder."""
    (site,) = env.folder.glob("lib/python*/site-packages")
    (record,) = site.glob("cathograph-*.dist-info/RECORD")
    tops = {line.split("/")[0] for line in record.read_text().splitlines() if not line.startswith("..")}
    ours = {name for name in tops if not name.endswith(".dist-info")}
    if ours != {"cathograph"}:
        msg = f"Found {sorted(ours)} in site-packages, expected cathograph alone"
        raise CheckError(msg)
    found = env.run("python", "-c", "import cathograph; print(cathograph.__file__)")
    if str(site) not in found:
        msg = f"Found {found} imported, expected the installed one"
        raise CheckError(msg)
    return "site-packages holds `cathograph` alone"


def ask_a_store(env: Environment) -> str:
    """Name queries, ask for help, and what a base installation says where it cannot go on."""
    if "tpbs" not in env.run("cathograph", "queries"):
        msg = "Found no query tpbs"
        raise CheckError(msg)
    for verb in ("query", "ingest", "train", "dashboard", "gnn"):
        env.run("cathograph", verb, "--help")
    env.run("cathograph", "doctor")
    for words in (("ingest", "none.tif", "--sample", "s"), ("xanes", "fit", "none.tif", "--out", "map.tif")):
        said = env.run("cathograph", *words, code=1).strip()
        if len(said.splitlines()) != 1 or "pip install 'cathograph[ingest]'" not in said:
            msg = f"Found {said!r}, expected one line that says what to install"
            raise CheckError(msg)
    return "`queries`, `query --help`, `doctor`; `ingest` and `xanes fit` name their extra in one line"


def ask_the_server(env: Environment, server: dict[str, str]) -> str:
    """Ask the store of another installation, through its address."""
    env.variables |= server
    samples = json.loads(env.run("cathograph", "query", "samples", "--format", "json"))
    if {each["sample"] for each in samples} != {"s1", "demo-BLE", "demo-ECD", "demo-LCD"}:
        msg = f"Found samples {samples}"
        raise CheckError(msg)
    env.run("cathograph", "export", "--format", "csv", "--out", "tables")
    return "`query samples`, `export --format csv` from a server by its address"


def images_in(env: Environment) -> str:
    """Ingest, look at, fit, report: the whole way without PyTorch."""
    env.run("python", "-c", _MAKE_INPUT)
    ingest = (
        "cathograph", "ingest", "mask.tif", "--as", "phases", "--phases", _PHASES, "--sample", "s1", "--cathode",
        "BLE", "--pixel-size-nm", "50",
    )  # fmt: skip
    env.run(*ingest, "--dry-run")
    env.run("cathograph", "inspect", "mask.tif")
    env.run("cathograph", "xanes", "fit", "stack.tif", "--energies", "energies.txt", "--out", "map.tif")
    env.run(*ingest)
    env.run("cathograph", "demo", "--images", "2")
    env.run("cathograph", "report", "--out", "report", "--draws", "9")
    env.run("cathograph", "export", "--format", "graphml", "--out", "s1.graphml")
    said = env.run("cathograph", "ingest", "mask.tif", "--sample", "s", "--model", "default", code=1).strip()
    if len(said.splitlines()) != 1 or "pip install 'cathograph[unet]'" not in said:
        msg = f"Found {said!r}, expected one line that says what to install"
        raise CheckError(msg)
    env.run("cathograph", "init-beamtime", "folder")
    return (
        "`ingest` (dry, and into a local database), `demo`, `inspect`, `xanes fit`, `report`, "
        "`export --format graphml`, `init-beamtime`; `ingest --model` names its extra in one line"
    )


def in_a_browser(env: Environment, server: dict[str, str]) -> str:
    """Start the dashboard and fetch its page."""
    env.variables |= server
    command = [str(env.folder / "bin" / "cathograph"), "dashboard", "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, cwd=env.work, env=env.variables, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        with urllib.request.urlopen(line.split()[-1], timeout=60) as page:
            if b"<title>" not in page.read():
                msg = "Found no page"
                raise CheckError(msg)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    return "`dashboard` started, its page fetched"


def segment(env: Environment) -> str:
    """Segment a made grey image with the model that ships."""
    env.run(
        "python", "-c",
        "import numpy as np, tifffile; from cathograph.phantom import phantom_set, render_grey\n"
        "(made,) = phantom_set('BLE', 1, seed=4); tifffile.imwrite('grey.tif', render_grey(made, seed=1)[:128, :128])",
    )  # fmt: skip
    env.run("cathograph", "segment", "grey.tif", "--out", "phases.tif")
    return "`segment` with the model that ships"


def train_on_graphs(env: Environment, server: dict[str, str]) -> str:
    """Export graphs for PyTorch Geometric, train a network on them for an epoch, let it predict."""
    env.variables |= server
    env.run("cathograph", "export", "--format", "pyg", "--out", "graphs.pt")
    env.run(
        "cathograph", "gnn", "train", "--out", "model", "--members", "1", "--max-epochs", "1", "--hidden", "4"
    )
    env.run("cathograph", "gnn", "predict", "--model", "model")
    return "`export --format pyg`, `gnn train` for an epoch, `gnn predict`"


def measure(env: Environment) -> str:
    """Time ours beside one rival."""
    env.run("cathograph", "bench", "contacts", "--only", "64", "--json")
    return "`bench contacts`"


def everything_loads(env: Environment) -> str:
    """Import every module of the package."""
    return f"all {env.run('python', '-c', _IMPORT_ALL).split()[-1]} modules import"


def beside_schema(env: Environment) -> str:
    """Install the package `schema` beside ours, and take it away again."""
    python = str(env.python)
    _uv("pip", "install", "--quiet", "--python", python, "schema")
    both = "import schema, cathograph.schema.phases; print(schema.Schema(int).validate(3), schema.__file__)"
    env.run("python", "-c", both)
    _uv("pip", "uninstall", "--quiet", "--python", python, "schema")
    env.run("python", "-c", "import cathograph.schema.phases")
    _uv("pip", "install", "--quiet", "--python", python, "schema")
    _uv("pip", "uninstall", "--quiet", "--python", python, "cathograph")
    env.run("python", "-c", "import schema; print(schema.Schema(int).validate(3))")
    return "the package `schema` installed beside it: both import; either one uninstalls and leaves the other"


@contextmanager
def local_server(env: Environment) -> Iterator[dict[str, str]]:
    """Have the local database of an environment running; gives the variables that name it."""
    env.run("cathograph", "db", "start")
    status = json.loads(env.run("cathograph", "db", "status", "--json"))
    password = (Path(status["home"]) / "neo4j-password").read_text().strip()
    try:
        yield {"NEO4J_URI": status["uri"], "NEO4J_USER": "neo4j", "NEO4J_PASSWORD": password}
    finally:
        env.run("cathograph", "db", "stop")


def _uv(*words: str) -> None:
    done = subprocess.run([UV or "uv", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        msg = f"uv {' '.join(words)}: found code {done.returncode}\n{done.stdout}{done.stderr}"
        raise CheckError(msg)


def checks_of(name: str, env: Environment, server: dict[str, str]) -> list[Callable[[], str]]:
    """List what is run in an environment: what its extra is for."""
    of_set: dict[str, list[Callable[[], str]]] = {
        "": [partial(ask_a_store, env), partial(ask_the_server, env, server), partial(beside_schema, env)],
        "ingest": [partial(images_in, env)],
        "dashboard": [partial(in_a_browser, env, server)],
        "unet": [partial(segment, env)],
        "gnn": [partial(train_on_graphs, env, server)],
        "bench": [partial(measure, env)],
        "all": [partial(everything_loads, env)],
    }
    return [partial(only_our_name, env), *of_set[name]]


def try_set(name: str, wheel: Path, top: Path, server: dict[str, str]) -> tuple[Environment, str, list[str]]:
    """Install one set and run its checks; gives the row of the table, and what failed."""
    began = time.monotonic()
    env = install(name, wheel, top)
    size_mb = sum(path.lstat().st_blocks * 512 for path in env.folder.rglob("*")) / 1e6
    said, failed = [], []
    for check in checks_of(name, env, server):
        try:
            said.append(check())
        except CheckError as failure:
            said.append("**failed**")
            failed.append(f"{name or 'base'}: {failure}")
            break
    what = f"cathograph[{name}]" if name else "cathograph"
    row = f"| `{what}` | {size_mb:.0f} | {'; '.join(said)} | {time.monotonic() - began:.0f} |"
    sys.stderr.write(f"{row}\n")
    return env, row, failed


def main() -> int:
    """Install and run; give the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", choices=[name or "base" for name in SETS])
    only = parser.parse_args().only
    with tempfile.TemporaryDirectory(prefix="installs-") as folder:
        top = Path(folder)
        wheel = build_wheel(top / "dist")
        # First, whatever is asked for: its database answers the questions of the others.
        ingest, row, failed = try_set("ingest", wheel, top, {})
        rows = {"ingest": row}
        if not failed:
            with local_server(ingest) as server:
                for name in SETS:
                    if name == "ingest" or (only and (name or "base") not in only):
                        continue
                    env, rows[name], more = try_set(name, wheel, top, server)
                    failed.extend(more)
                    shutil.rmtree(env.folder)
    sys.stdout.write("| installed | MB | what was run in it | s |\n| --- | ---: | --- | ---: |\n")
    sys.stdout.writelines(f"{rows[name]}\n" for name in SETS if name in rows)
    sys.stderr.writelines(f"{line}\n" for line in failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

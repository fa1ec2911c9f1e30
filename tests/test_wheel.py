"""The source archive and the wheel made from it: one name, every file; the version from the tags of git."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_string

import pytest
from packaging.version import Version
from repository import ROOT

ROOMS = sorted(path.name for path in (ROOT / "cathograph").iterdir() if path.is_symlink())


def hatch(*words, cwd, check=True):
    return subprocess.run(
        [sys.executable, "-m", "hatchling", *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=check,
    )


def git(*words, cwd):
    return subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *map(str, words)],
        cwd=cwd, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from the source archive, as an installer does that finds no wheel."""
    folder = tmp_path_factory.mktemp("dist")
    hatch("build", "-t", "sdist", "-d", folder, cwd=ROOT)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    hatch("build", "-t", "wheel", "-d", folder, cwd=unpacked)
    (made,) = folder.glob("*.whl")
    with zipfile.ZipFile(made) as opened:
        yield opened


def files_of_the_package():
    """All files that git knows below the package and its rooms, by their name in the package."""
    listed = git("ls-files", "-z", "cathograph", *ROOMS, cwd=ROOT).split("\0")
    links = {f"cathograph/{room}" for room in ROOMS}
    return {
        name if name.startswith("cathograph/") else f"cathograph/{name}" for name in listed if name
    } - links


def test_every_file_is_in_the_wheel_under_one_name(wheel):
    found = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert found == files_of_the_package()
    suffixes = {name.rpartition(".")[2] for name in found}
    assert {"py", "typed", "cypher", "js", "json", "safetensors", "j2", "png"} <= suffixes


def test_metadata(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = message_from_string(wheel.read(name).decode())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(metadata.get_all("Provides-Extra")) == set(project["optional-dependencies"])
    assert {line.partition(", ")[0] for line in metadata.get_all("Project-URL")} == set(project["urls"])
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert Version(metadata["Version"]) >= Version("0.1.0.dev0")


class TestVersion:
    """In clones of this repository, so that no tag is set in it."""

    @pytest.fixture
    def clone(self, tmp_path):
        git("clone", "--quiet", "--no-tags", ROOT, tmp_path / "clone", cwd=tmp_path)
        # The files of the checkout as they are, committed or not.
        for name in ("pyproject.toml", ".git_archival.txt", ".gitattributes"):
            (tmp_path / "clone" / name).write_text((ROOT / name).read_text())
        git("add", "--all", cwd=tmp_path / "clone")
        git("commit", "--quiet", "--allow-empty", "-m", "as it is", cwd=tmp_path / "clone")
        return tmp_path / "clone"

    def version(self, folder):
        return hatch("version", cwd=folder).stdout.strip()

    def test_a_clone_without_tags(self, clone):
        found = Version(self.version(clone))
        assert found.base_version == "0.1.0"
        assert found.is_devrelease
        assert git("rev-parse", "HEAD", cwd=clone).startswith(found.local[1:])

    def test_a_tagged_commit_and_the_next(self, clone):
        git("tag", "v0.4.2", cwd=clone)
        assert self.version(clone) == "0.4.2"
        git("commit", "--quiet", "--allow-empty", "-m", "more", cwd=clone)
        found = Version(self.version(clone))
        assert Version("0.4.2") < found < Version("0.4.3")

    @pytest.mark.parametrize("tagged", [False, True])
    def test_a_source_archive_of_git(self, clone, tmp_path, tagged):
        if tagged:
            git("tag", "v0.4.2", cwd=clone)
        git("archive", "--output", tmp_path / "a.tar", "HEAD", cwd=clone)
        with tarfile.open(tmp_path / "a.tar") as opened:
            opened.extractall(tmp_path / "archive", filter="data")
        assert self.version(tmp_path / "archive") == ("0.4.2" if tagged else "0.1.0.dev0")

    def test_a_build_that_is_told(self, clone, tmp_path, monkeypatch):
        """As the Dockerfile does, which copies no git."""
        (told,) = re.findall(r"^ENV (\w+)=\$VERSION$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
        git(
            "archive",
            "--output",
            tmp_path / "a.tar",
            "HEAD",
            "pyproject.toml",
            "README.md",
            "LICENSE",
            cwd=clone,
        )
        with tarfile.open(tmp_path / "a.tar") as opened:
            opened.extractall(tmp_path / "copy", filter="data")
        assert self.version(tmp_path / "copy") == "0.1.0.dev0"
        monkeypatch.setenv(told, "")
        assert self.version(tmp_path / "copy") == "0.1.0.dev0"
        monkeypatch.setenv(told, "1.2.3")
        assert self.version(tmp_path / "copy") == "1.2.3"


def test_the_lock_pins_everything_that_an_extra_brings():
    """`make demo` installs an extra with the lock as a constraint: what is not in it would come unpinned."""
    from importlib.metadata import requires

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    locked = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    seen, waiting = set(), [("cathograph", "all")]
    while waiting:
        name, extra = waiting.pop()
        for line in requires(name) or ():
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                for more in {"", *wanted.extras}:
                    place = (canonicalize_name(wanted.name), more)
                    if place not in seen:
                        seen.add(place)
                        waiting.append(place)
    assert len(seen) > 100
    assert {name for name, _ in seen} - {"cathograph"} <= locked

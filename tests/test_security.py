"""What docs/security.md promises: each promise names a test that exists, and the ones that had none stand here."""

import ast
import os
import pickle
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

from repository import ROOT

from cathograph.benchmarks.reliability.dependency_audit import judge
from cathograph.local_neo4j.config import ServerMemory, configuration
from cathograph.settings import read_settings
from cathograph.writing import open_on_worker

ROOMS = ("schema", "queries", "phantom", "ingest", "analysis", "gnn", "dashboard", "benchmarks", "cathograph")
PASSWORD = "only-for-this-test"  # noqa: S105


def test_every_test_that_the_threat_model_names_exists():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "security.md").read_text()))
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", path.read_text())
    }
    assert len(named) > 20
    assert named <= there


def calls(path):
    """Give every call of a module as dotted text, with the names of its keyword arguments."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {each.arg: ast.unparse(each.value) for each in node.keywords}


def test_source_never_evaluates_what_it_reads():
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for name, given in calls(path):
            assert name not in (
                "eval",
                "exec",
                "pickle.load",
                "pickle.loads",
                "marshal.loads",
                "joblib.load",
            ), path
            assert name not in ("yaml.load", "yaml.unsafe_load", "yaml.full_load"), path
            if name in ("np.load", "numpy.load"):
                assert given.get("allow_pickle", "False") == "False", path
            if name == "torch.load":
                assert given.get("weights_only") == "True", path
            assert given.get("shell", "False") == "False", path


def test_only_loopback_is_listened_to():
    lines = configuration(7687, ServerMemory(1000, 100)).splitlines()
    listened = [line.split("=")[1] for line in lines if "listen_address" in line and line[0] != "#"]
    assert listened
    assert all(each.startswith("127.0.0.1") for each in listened)


def test_password_is_in_no_argument_and_no_message(tmp_path):
    """A server that is not there: the error names the address and nothing else."""
    folder = tmp_path / "beamtime"
    folder.mkdir()
    (folder / "beamtime.yaml").write_text("files:\n  - {pattern: '*.tif', as: image, sample: s}\n")
    environment = os.environ | {"NEO4J_URI": "bolt://127.0.0.1:1", "NEO4J_PASSWORD": PASSWORD}
    for command in (["watch", str(folder)], ["-v", "jobs"]):
        words = [sys.executable, "-m", "cathograph", *command]
        process = subprocess.Popen(
            words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        arguments = Path(f"/proc/{process.pid}/cmdline")
        seen = arguments.read_text() if arguments.exists() else " ".join(words)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 1
        assert "no Neo4j at bolt://127.0.0.1:1" in said
        assert PASSWORD not in said + seen


def test_no_password_travels_to_a_worker(tmp_path, monkeypatch):
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:1")
    monkeypatch.setenv("NEO4J_PASSWORD", PASSWORD)
    settings = read_settings(tmp_path)
    assert PASSWORD not in repr(settings)
    sent = pickle.dumps(partial(open_on_worker, settings.neo4j_uri, settings.home))
    assert PASSWORD.encode() not in sent


def test_an_audit_that_could_look_up_nothing_is_no_clean_bill():
    clean, unknown = {"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}
    bad = {"name": "c", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
    assert judge([clean]) == (0, ["1 dependencies audited: no known vulnerability."])
    assert judge([clean, bad])[0] == 1
    assert judge([]) == (2, judge([])[1])
    code, (line,) = judge([clean, unknown])
    assert (code, line.startswith("NOT AUDITED: 1 of 2")) == (2, True)

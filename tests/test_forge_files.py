"""Files that a forge reads: citation, issue forms, the workflow that calls .ci/run."""

import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml
from repository import ROOT


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("citation-file-format", "CITATION.cff"),
        ("github-workflows", ".github/workflows/ci.yml"),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/bug.yml"),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/request.yml"),
        ("github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
    ],
)
def test_fits_its_schema(schema, file):
    program = Path(sysconfig.get_path("scripts")) / "check-jsonschema"
    command = [program, "--builtin-schema", f"vendor.{schema}", ROOT / file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_method_is_cited():
    (paper,) = yaml.safe_load((ROOT / "CITATION.cff").read_text())["references"]
    assert paper["identifiers"][0]["value"] == "arXiv:2512.16085"
    assert paper["url"].endswith("2512.16085")


def test_hosted_ci_runs_the_verbs_of_people():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    (job,) = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step][-1] == ".ci/run"
    verbs = (ROOT / ".ci" / "run").read_text().splitlines()
    assert {"make setup", "make check", "make installs", "make test", "make test-long"} <= set(verbs)

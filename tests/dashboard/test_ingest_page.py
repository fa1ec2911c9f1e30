"""The page Ingest: the queue, retry and cancel, and the upload of a file by the command of that name."""

import re
from pathlib import Path

import pytest

from cathograph.dashboard.pages.ingest import _arguments, _missing
from cathograph.dashboard.session import store
from cathograph.dashboard.session.command_run import CommandRun, keep_upload, safe_name
from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run
from cathograph.schema.composites import SSB_CATHODE

pytestmark = pytest.mark.long


@pytest.fixture
def own_commands(neo4j_server, monkeypatch, tmp_path):
    """Let commands of the page find the test server as a user's own."""
    monkeypatch.setenv("NEO4J_URI", neo4j_server.uri)
    monkeypatch.setenv("NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j_server.password)
    monkeypatch.setenv("CATHOGRAPH_HOME", str(tmp_path / "home"))


def test_the_queue_with_reasons(small_store, open_page):
    app = open_page("ingest")
    assert {each.label: each.value for each in app.metric} == {
        "running": "1", "queued": "1", "failed": "1", "done": "1", "cancelled": "0",
    }  # fmt: skip
    reasons = app.dataframe[0].value.set_index("file")["reason"]
    assert reasons["failed.tif"] == "Found failed.tif truncated <b>here</b>"
    assert any("`running.tif`" in each.value for each in app.markdown)


def test_retry_and_cancel_run_the_commands(small_store, own_commands):
    def state(name):
        jobs = run(small_store, load("jobs"), {"image": name})
        return jobs["state"].iloc[0], jobs["job"].iloc[0]

    for verb, name, after in (("retry", "failed", "queued"), ("cancel", "failed", "cancelled")):
        command = CommandRun([verb, "--json", "--", state(name)[1]], verb)
        command.start()
        assert command.has_ended(wait_s=120)
        assert command.code == 0, command.said
        assert state(name)[0] == after
    refused = CommandRun(["retry", "--json", "--", state("done")[1]], "retry")
    refused.start()
    assert refused.has_ended(wait_s=120)
    assert refused.code == 1
    assert refused.error().startswith("Found job")


def test_an_upload_is_ingested_and_a_bad_one_explained(small_store, own_commands, dashboard_files):
    before = store.look()
    path = keep_upload("../../new image.tif", dashboard_files[0].phases.read_bytes())
    named = {"sample": "--home=/etc", "image": "", "cathode": "LCD", "beamtime": ""}
    command = CommandRun(
        _arguments("phases", {"image": path}, named, "0=background,1=SSE,2=NMC,3=Graphite", None), "x"
    )
    command.start()
    assert command.has_ended(wait_s=300)
    assert command.code == 0, command.said
    # What looks like an option is the name of a sample.
    assert "--home=/etc" in run(small_store, load("samples"), {})["sample"].tolist()
    assert store.look() != before
    # Another file for that image goes out of sight only where the form says so.
    other = keep_upload("other.tif", dashboard_files[1].phases.read_bytes())
    named["image"] = "new image"
    for replace, code in ((False, 1), (True, 0)):
        arguments = _arguments(
            "phases", {"image": other}, named, "0=background,1=SSE,2=NMC,3=Graphite", 50.0, replace=replace
        )
        again = CommandRun(arguments, "x")
        again.start()
        assert again.has_ended(wait_s=300)
        assert again.code == code, again.said
    bad = keep_upload("bad.tif", b"not an image")
    refused = CommandRun(_arguments("phases", {"image": bad}, named, "1=NMC", 50.0), "x")
    refused.start()
    assert refused.has_ended(wait_s=300)
    assert refused.code == 1
    assert "bad.tif" in refused.output + refused.said


def test_a_command_does_not_get_the_secrets_of_the_pages(monkeypatch):
    monkeypatch.setenv("CATHOGRAPH_DASHBOARD_PASSWORD", "open sesame")
    command = CommandRun(["--version"], "version")
    command.start()
    assert command.has_ended(wait_s=60)
    assert command.code == 0
    from cathograph.dashboard.session.command_run import _environment

    assert not [name for name in _environment() if name.startswith("CATHOGRAPH_DASHBOARD_")]


def test_a_command_is_ended(own_commands):
    command = CommandRun(["watch", "/nowhere"], "x")
    command.start()
    command.cancel()
    assert command.has_ended(wait_s=60)
    assert command.code != 0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("../../etc/passwd", r"passwd"), ("..\\..\\x.tif", r"x\.tif"), (".hidden", r"hidden_\w{6}"),
        ("-rf.tif", r"rf_\w{6}\.tif"), ("a b/ü.tif", r"ü\.tif"), ("", r"file_\w{6}"),
        ("a" * 300 + ".tif", r"a{180}_\w{6}\.tif"), ("x (1).tif", r"x \(1\)\.tif"), ("a\nb.tif", r"a%0Ab_\w{6}\.tif"),
    ],
)  # fmt: skip
def test_names_lead_to_no_other_folder(given, expected, tmp_path, monkeypatch):
    monkeypatch.setenv("CATHOGRAPH_HOME", str(tmp_path))
    assert re.fullmatch(expected, safe_name(given))
    path = keep_upload(given, b"x")
    assert path.resolve().is_relative_to(tmp_path / "uploads")


@pytest.mark.parametrize(
    "names",
    [
        ("样品一.tif", "样品二.tif"),
        ("Probe_ä.tif", "Probe_ö.tif"),
        ("x (1).tif", "x [1].tif"),
        ("a" * 300 + "1.tif", "a" * 300 + "2.tif"),
        (".x.tif", "-x.tif"),
        ("a\nb.tif", "a%0Ab.tif"),
    ],
)
def test_two_uploads_are_never_one_image(names):
    """A cleaned name was the identity: the second upload put the first one out of sight."""
    first, second = (Path(safe_name(name)).stem for name in names)
    assert first != second


def test_what_the_form_lacks_is_said():
    file = object()
    assert "image" in _missing(None, None, "phases", "s", "1=NMC", SSB_CATHODE)
    assert "sample" in _missing(file, None, "phases", " ", "1=NMC", SSB_CATHODE)
    assert "table" in _missing(file, None, "regions", "s", "", SSB_CATHODE)
    # A path would let a visitor read a file of the machine.
    assert "0=background" in _missing(file, None, "phases", "s", "/etc/passwd", SSB_CATHODE)
    assert _missing(file, None, "image", "s", "", SSB_CATHODE) == ""

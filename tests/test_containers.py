"""The container files without containers: valid, hardened, and their commands run as they stand."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from importlib.resources import files

import jsonschema
import pytest
import tifffile
import yaml
from repository import ROOT

from cathograph.phantom.microstructure import make_microstructure

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = ("ingest", "ingest-gpu", "dashboard")


def stages():
    """Instructions of each named stage of the Dockerfile, joined over continued lines; checks as dictionaries."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    found, name = {}, ""
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("FROM "):
            name = line.split(" AS ")[1]
            found[name] = [line]
        elif line and not line.startswith("#"):
            found[name].append(line)
    return found


def exec_form(stage, instruction):
    """Give what an instruction in exec form runs."""
    (line,) = [line for line in stages()[stage] if line.startswith(instruction)]
    return json.loads(re.search(r"\[.*\]", line).group())


def here(command):
    """Give a command of an image as this environment runs it: the same words, the program from its folder."""
    return [shutil.which(command[0], path=sysconfig.get_path("scripts")), *command[1:]]


class TestFiles:
    """Valid, pinned, not root, secrets from the environment."""

    def test_compose_file_is_what_the_specification_allows(self):
        schema = json.loads(
            (files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json").read_text()
        )
        jsonschema.validate(COMPOSE, schema)
        broken = COMPOSE | {"services": COMPOSE["services"] | {"x": {"imagee": "typo"}}}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)

    def test_dockerfile_lints(self):
        hadolint = shutil.which("hadolint", path=sysconfig.get_path("scripts"))
        done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")

    def test_pinned_and_not_root(self):
        found = stages()
        base = found["base"][0]
        assert re.search(r"FROM python:3\.\d+\.\d+-slim-\w+ AS base", base)
        for target in ("service", "dashboard"):
            assert "USER 10001" in found[target]
            assert [line for line in found[target] if line.startswith("HEALTHCHECK")]
            assert not [line for line in found[target] if line.startswith("RUN")], (
                "only copies what was built"
            )
        made = re.search(r"UV_VERSION := (\S+)", (ROOT / "Makefile").read_text()).group(1)
        assert any(f"uv=={made}" in line for line in found["build"])
        assert "cathograph" in {path.name for path in ROOT.iterdir()}
        copied = {line.split()[1] for line in found["build"] if line.startswith("COPY ")}
        rooms = {
            line.split("= ")[1] for line in (ROOT / "Makefile").read_text().splitlines() if "ROOMS :=" in line
        }
        assert set(" ".join(rooms).split()) <= copied, "every room is in the image"

    def test_services_are_closed_in_and_know_no_secret(self):
        for name in OURS:
            service = COMPOSE["services"][name]
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert service["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
            assert service["environment"]["NEO4J_PASSWORD"].startswith("${NEO4J_PASSWORD:?")
            assert service["profiles"], "`docker compose up` alone starts the database alone"
            assert service["build"]["target"] in stages()
        for service in COMPOSE["services"].values():
            assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
            secret = [
                value
                for name, value in service["environment"].items()
                if "PASSWORD" in name or "AUTH" in name
            ]
            assert all("${" in value for value in secret)
        assert COMPOSE["services"]["ingest"]["volumes"] == ["${BEAMTIME_DIR:-./beamtime}:/beamtime:ro"]
        (device,) = COMPOSE["services"]["ingest-gpu"]["deploy"]["resources"]["reservations"]["devices"]
        assert device["capabilities"] == ["gpu"]

    def test_extras_exist(self):
        """What the images install are extras of this package."""
        import tomllib

        known = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
        named = re.findall(r"EXTRAS=([\w,]+)", (ROOT / "Dockerfile").read_text())
        named.append(COMPOSE["services"]["ingest-gpu"]["build"]["args"]["EXTRAS"])
        assert set(",".join(named).split(",")) <= known


@pytest.fixture
def environment(neo4j_server, clean_store, tmp_path):
    """Give what compose gives, but for the address of the database."""
    return {name: value for name, value in os.environ.items() if not name.startswith("NEO4J")} | {
        "NEO4J_URI": neo4j_server.uri,
        "NEO4J_USER": neo4j_server.user,
        "NEO4J_PASSWORD": neo4j_server.password,
        "CATHOGRAPH_HOME": str(tmp_path / "home"),
    }


@pytest.mark.neo4j
@pytest.mark.slow
class TestCommands:
    """ENTRYPOINT, CMD and HEALTHCHECK as the images run them."""

    def test_of_the_service(self, environment, tmp_path):
        made = make_microstructure((64, 64), preset="BLE", seed=1)
        folder = tmp_path / "beamtime"
        folder.mkdir()
        tifffile.imwrite(folder / "1.tif", made.phases)
        (folder / "beamtime.yaml").write_text(
            "pixel_size_nm: 30\nfiles:\n"
            "  - {pattern: '*.tif', as: phases, phases: '0=background,1=SSE,2=NMC,3=Graphite', sample: s}\n"
        )
        folder.chmod(0o555)  # mounted to be read only
        command = here([*exec_form("service", "ENTRYPOINT"), *exec_form("service", "CMD")])
        # Compose says the same, and how many workers.
        by_compose = COMPOSE["services"]["ingest"]["command"]
        assert by_compose[: len(command) - 1] == command[1:]
        service = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            jobs = here(["cathograph", "jobs", "--state", "done", "--json"])
            until = time.monotonic() + 300
            while (
                '"state": "done"'
                not in subprocess.run(jobs, env=environment, capture_output=True, text=True).stdout
            ):
                assert service.poll() is None
                assert time.monotonic() < until
                time.sleep(1)
            check = here(exec_form("service", "HEALTHCHECK"))
            assert subprocess.run(check, env=environment, capture_output=True).returncode == 0
            gone = environment | {"NEO4J_URI": "bolt://127.0.0.1:1"}
            assert subprocess.run(check, env=gone, capture_output=True).returncode == 1
        finally:
            service.send_signal(signal.SIGTERM)
            _, said = service.communicate(timeout=120)
        assert service.returncode == 0, said

    def test_of_the_dashboard(self, environment):
        """Its port is another one here, for 8501 may be somebody's."""
        command = here([*exec_form("dashboard", "ENTRYPOINT"), *exec_form("dashboard", "CMD")])
        place = command.index("--port") + 1
        assert command[place] == "8501"
        command[place] = "0"
        refused = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert refused.returncode == 1, "without a password it listens to nobody"
        assert "CATHOGRAPH_DASHBOARD_PASSWORD" in refused.stderr
        dashboard = subprocess.Popen(
            command,
            env=environment | {"CATHOGRAPH_DASHBOARD_PASSWORD": "of these tests"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            port = re.search(r"http://127\.0\.0\.1:(\d+)", dashboard.stdout.readline()).group(1)
            check = exec_form("dashboard", "HEALTHCHECK")
            assert check[0] == "python"
            for where, code in ((port, 0), ("1", 1)):
                words = [sys.executable, *(word.replace("8501", where) for word in check[1:])]
                assert subprocess.run(words, capture_output=True).returncode == code
        finally:
            dashboard.send_signal(signal.SIGTERM)
            dashboard.communicate(timeout=60)

"""Who is noted beside what is written, also where the system knows no name for them."""

import getpass
import os
import subprocess
import sys

import pytest

from cathograph.ingest.provenance import user_name

NAMES = ("LOGNAME", "USER", "LNAME", "USERNAME")


def test_the_login_name(monkeypatch):
    monkeypatch.setenv("LOGNAME", "ada")
    assert user_name() == "ada"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user that nobody knows")
def test_a_user_without_a_name():
    """As in a container run with `--user 54321`: no entry, no variable."""
    unknown = (
        "import os; from cathograph.ingest.provenance import user_name; os.setuid(54321); print(user_name())"
    )
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run([sys.executable, "-c", unknown], env=environment, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("uid 54321", "")


@pytest.mark.parametrize("failing", [KeyError, OSError])
def test_the_way_either_python_says_so(monkeypatch, failing):
    def nobody():
        raise failing

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert user_name() == f"uid {os.getuid()}"

"""The command line in this process, alone or against the emptied test server."""

import io

import pytest

from cathograph.cli import main


@pytest.fixture
def call(tmp_path, monkeypatch, capfd):
    """Run the command line in this process, as its entry point does; gives (code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CATHOGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments, stdin=""):
        monkeypatch.setattr("sys.argv", ["cathograph", *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


@pytest.fixture
def cathograph(call, monkeypatch, neo4j_server, clean_store):
    """Run the command line against the test server, emptied."""
    neo4j_server.empty_of_data()
    monkeypatch.setenv("NEO4J_URI", neo4j_server.uri)
    monkeypatch.setenv("NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j_server.password)
    return call

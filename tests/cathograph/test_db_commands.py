"""``cathograph db`` works on the server of a home, never on the one that NEO4J_URI names."""

import pytest

URI = "bolt://127.0.0.1:9"


@pytest.fixture
def elsewhere(call, monkeypatch):
    """Give the command line with a server of the user's own in its environment; nothing listens there."""
    monkeypatch.setenv("NEO4J_URI", URI)
    monkeypatch.setenv("NEO4J_PASSWORD", "x")
    return call


@pytest.mark.parametrize(
    "words", [("backup", "x.dump"), ("restore", "x.dump"), ("restore", "x.dump", "--force"), ("start",)]
)
def test_what_changes_a_home_is_refused(elsewhere, tmp_path, words):
    code, out, err = elsewhere("db", *words)
    assert code == 1
    assert not out
    assert URI in err
    assert "--home" in err
    assert "neo4j-admin" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("word", ["status", "stop"])
def test_what_looks_says_which_server_is_meant(elsewhere, tmp_path, word):
    code, out, err = elsewhere("db", word)
    assert code == 0
    assert URI in err
    assert str(tmp_path / "home") in err
    assert out


def test_a_home_that_is_named_is_meant(elsewhere, tmp_path):
    """It has no database, which is what is said of it then."""
    code, _, err = elsewhere("db", "backup", "x.dump", "--home", tmp_path / "other")
    assert code == 1
    assert "no database" in err
    assert URI not in err

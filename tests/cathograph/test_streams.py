"""What commands write: through pipes, to closed and full streams, in any encoding, and never what a terminal obeys."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cathograph.home import Home

DIGITS = "0.012345678901234568"


def run_alone(*arguments, **options):
    """Run the command line in a process of its own, without a database."""
    return subprocess.run(
        [sys.executable, "-m", "cathograph", *arguments],
        capture_output=True,
        check=False,
        timeout=120,
        **options,
    )


@pytest.mark.neo4j
def test_json_has_all_digits_as_csv_has(cathograph):
    _, as_json, _ = cathograph("query", "-", "--format", "json", stdin=f"UNWIND [{DIGITS}] AS x RETURN x")
    _, as_csv, _ = cathograph("query", "-", "--format", "csv", stdin=f"UNWIND [{DIGITS}] AS x RETURN x")
    assert json.loads(as_json) == [{"x": float(DIGITS)}]
    assert as_csv.splitlines() == ["x", DIGITS]


@pytest.mark.neo4j
def test_a_file_with_a_byte_order_mark_is_read(cathograph):
    Path("marked.cypher").write_bytes(b"\xef\xbb\xbfRETURN 1 AS x")
    code, out, err = cathograph("query", "marked.cypher", "--format", "csv")
    assert (code, out.split()) == (0, ["x", "1"]), err
    Path("latin.cypher").write_bytes("RETURN 'µ' AS x".encode("latin-1"))
    code, _, err = cathograph("query", "latin.cypher")
    assert code == 1
    assert "line 1" in err
    assert "0xB5" in err


@pytest.mark.neo4j
def test_a_text_that_looks_like_a_number_is_told_where_nothing_is_found(cathograph):
    question = "WITH '100' AS id WHERE id = $x RETURN id"
    _, _, err = cathograph("query", "-", "--param", "x=100", stdin=question)
    assert "x:str=100" in err
    _, out, err = cathograph("query", "-", "--param", "x:str=100", "--format", "csv", stdin=question)
    assert out.split() == ["id", "100"]
    assert "x:str" not in err


@pytest.mark.neo4j
def test_texts_of_users_are_data(cathograph):
    """``:100:`` is no emoji, ``[bold]`` no style, and escape bytes do not reach the terminal."""
    question = r"RETURN 'BLE:100:2' AS a, '[bold]x[/]' AS b, '\u001b[2J\u001b]0;PWN' AS c"
    question = question.replace(r"\u001b", "\x1b")
    for form in ("table", "csv", "json"):
        code, out, err = cathograph("query", "-", "--format", form, stdin=question)
        assert code == 0, err
        assert "BLE:100:2" in out
        assert "[bold]x[/]" in out
        assert "\x1b" not in out


@pytest.mark.neo4j
def test_a_plan_deeper_than_the_stack_is_read(cathograph):
    deep = " UNION ALL ".join(["RETURN 1 AS x"] * 300)
    code, out, err = cathograph("query", "-", "--format", "csv", stdin=deep)
    assert code == 0, err
    assert out.split() == ["x", *["1"] * 300]


def test_closed_and_full_streams_are_one_line():
    closed = run_alone("composites", preexec_fn=lambda: os.close(0))
    assert closed.returncode == 0, closed.stderr
    if Path("/dev/full").exists():
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "cathograph", "composites", "ssb-cathode"],
                stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=120,
            )  # fmt: skip
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "No space left" in done.stderr


def test_a_reader_that_stops_is_no_fault():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "cathograph", "composites"], stdout=writing, stderr=subprocess.PIPE, check=False,
        timeout=120,
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_encoding_without_a_character_escapes_it(tmp_path):
    done = run_alone("--help", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    done.stdout.decode("ascii")


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_home_is_not_the_current_folder(empty):
    done = run_alone("--home", empty, "db", "status")
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr
    assert b"empty path" in done.stderr
    done = run_alone("db", "status", env=os.environ | {"CATHOGRAPH_HOME": empty})
    assert (done.returncode != 0, b"Traceback" in done.stderr) == (True, False)


def test_one_home_under_another_path_is_the_same_home(tmp_path, monkeypatch):
    real = tmp_path / "home"
    (real / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to(real)
    monkeypatch.chdir(real)
    homes = {Home(path).folder for path in (real, tmp_path / "link", Path("../home"), real / "below" / "..")}
    assert homes == {real}


@pytest.mark.parametrize("address", ["bolt://neo4j:SECRET@host:7687", "neo4j+s://:SECRET@host"])
def test_an_address_with_a_password_is_refused_without_repeating_it(address):
    done = run_alone("query", "samples", env=os.environ | {"NEO4J_URI": address, "NEO4J_PASSWORD": "x"})
    assert done.returncode == 1
    assert b"SECRET" not in done.stdout + done.stderr
    assert b"NEO4J_PASSWORD" in done.stderr

"""Legal names: names that look alike are one, and a byte that is no UTF-8 is written so that it can be read back."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cathograph.schema.errors import InputError
from cathograph.schema.names import clean_name, existing_path, shown_name, with_bytes_escaped

BYTES = st.binary(min_size=1, max_size=12).filter(lambda name: b"\0" not in name and b"/" not in name)


@pytest.mark.parametrize(
    "alike",
    [("Zelle ä", "Zelle a\u0308"), ("Zelle", "Zelle "), ("a b", "a\u00a0b"), ("\u212b", "Å")],
    ids=["composed", "trailing blank", "no-break space", "Ångström sign"],
)
def test_names_that_look_alike_are_one(alike):
    assert len({clean_name(name) for name in alike}) == 1


@pytest.mark.parametrize("unseen", ["\n", "\x1b", "\u200b", "\ufeff", "\u202e", "\u2028", "\x85"])
def test_a_character_that_cannot_be_seen_is_refused_by_its_number(unseen):
    with pytest.raises(InputError, match=f"U\\+{ord(unseen):04X}"):
        clean_name(f"Zelle{unseen}1")
    assert unseen not in shown_name(f"Zelle{unseen}1")


@given(BYTES)
def test_the_bytes_of_a_file_name_become_text_that_any_store_takes(name):
    text = with_bytes_escaped(name.decode("utf-8", "surrogateescape"))
    text.encode("utf-8")
    shown_name(text).encode("utf-8")
    assert with_bytes_escaped(text) == text


@given(st.text(max_size=12))
def test_cleaning_again_changes_nothing(name):
    try:
        once = clean_name(name)
    except InputError:
        return
    assert clean_name(once) == once == unicodedata.normalize("NFC", once).strip()


@pytest.mark.parametrize("name", [b"5\xb5m_label.tif", b"M\xfcnchen.tif", "ä%B5.tif".encode()])
def test_a_stored_path_finds_its_file(tmp_path: Path, name: bytes):
    import os

    path = tmp_path / os.fsdecode(name)
    path.write_bytes(b"x")
    assert existing_path(with_bytes_escaped(str(path))) == path

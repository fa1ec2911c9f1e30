"""The schema page is current and complete, and its question runs."""

from repository import ROOT

from cathograph.schema.nodes import NODE_TYPES
from cathograph.schema.page import main, schema_page
from cathograph.schema.relationships import RELATIONSHIP_TYPES

PAGE = ROOT / "docs" / "schema.md"


def test_page_is_current():
    assert main(["--check", str(PAGE)]) == 0


def test_page_names_everything():
    page = schema_page()
    for node in NODE_TYPES:
        assert f"### {node.label}\n" in page
    for relationship in RELATIONSHIP_TYPES:
        assert f"(:{relationship.source})-[:{relationship.type}]->(:{relationship.target})" in page
    for owner in (*NODE_TYPES, *RELATIONSHIP_TYPES):
        for prop in owner.properties:
            assert f"| `{prop.name}` |" in page
            assert prop.meaning in page


def test_outdated_page_is_noticed(tmp_path, capsys):
    path = tmp_path / "schema.md"
    assert main(["--check", str(path)]) == 1
    assert "make format" in capsys.readouterr().err
    assert main([str(path)]) == 0
    assert main(["--check", str(path)]) == 0
    path.write_text(path.read_text() + "x")
    assert main(["--check", str(path)]) == 1

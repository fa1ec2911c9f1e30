"""The frame: pages without a database, with an empty one, with the small one, filtered; and who may enter."""

import pytest
from small_dashboard_store import HARMFUL, words
from streamlit.testing.v1 import AppTest

from cathograph.dashboard.pages import overview
from cathograph.dashboard.session import access, field, store
from cathograph.dashboard.session.environment import LOGIN, PASSWORD, URI, VISITORS_PASSWORD
from cathograph.dashboard.session.selection import Selection, image_id
from cathograph.dashboard.widgets.plain_text import as_text
from cathograph.schema.errors import CannotConnect

pytestmark = pytest.mark.long

PAGES = ("overview", "query", "gnn", "segment", "ingest")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_on_the_small_store(small_store, open_page, name):
    app = open_page(name)
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1


@pytest.mark.parametrize("name", ["overview", "gnn"])
def test_every_page_says_when_the_filter_leaves_nothing(small_store, open_page, name):
    # An NMC of 900 µm is in no image.
    app = open_page(name, cathode=["LCD"], from_um="900")
    assert not app.exception
    assert not app.error


def test_without_a_database_a_page_says_how_to_start_one(open_page, monkeypatch):
    monkeypatch.delenv(URI, raising=False)
    app = open_page("overview")
    assert not app.exception
    assert app.title[0].value == "No database"
    assert "cathograph dashboard" in words(app)


def test_a_database_that_does_not_answer_is_named_without_its_password(open_page, monkeypatch):
    monkeypatch.setenv(URI, "bolt://127.0.0.1:9")
    monkeypatch.setenv(PASSWORD, "a-secret-word")
    app = open_page("overview")
    assert "bolt://127.0.0.1:9" in words(app)
    assert "a-secret-word" not in str(app)


def test_the_filter_comes_from_the_address(small_store, open_page):
    app = open_page("overview", sample=["BLE-1"])
    assert app.multiselect(key="sample").value == ["BLE-1"]
    assert app.dataframe[0].value["sample"].tolist() == ["BLE-1"]
    assert app.metric[1].value == "3"


@pytest.mark.parametrize(
    "named",
    [
        {"sample": ["BLE-1", "sold"]},
        {"cathode": ["sold"]},
        {"image": ["LCD-1/sold"]},
        {"view": "LCD-1/sold"},
        {"edge": "Co K"},
        {"view": image_id(HARMFUL, "sold")},
    ],
)
def test_what_the_address_names_and_the_store_lacks_is_named(small_store, open_page, named):
    """A link to a deleted sample showed all data, and one to a deleted image another image."""
    app = open_page("image", **named)
    assert not app.exception
    asked = next(iter(named.values()))
    assert as_text(asked if isinstance(asked, str) else asked[-1]) in app.error[0].value
    assert not app.selectbox
    assert not app.multiselect
    app = app.button[0].click().run()
    assert not app.error
    assert app.selectbox(key="view").value


def test_the_image_is_one_of_its_sample(small_store, open_page):
    app = open_page("overview", image=[image_id("LCD-1", "LCD01")])
    assert app.metric[1].value == "1"
    assert app.dataframe[0].value["sample"].tolist() == ["LCD-1"]


def test_sizes_narrow_nmc_and_what_they_are_part_of(small_store, open_page):
    """Counts under a range of sizes are those of the particles themselves."""
    particles = store.table("particles")
    nmc = particles[particles["phase"] == "NMC"]
    limit = round(float(nmc["equivalent_diameter_um"].median()), 2)
    small = nmc[nmc["equivalent_diameter_um"] <= limit]
    app = open_page("overview", to_um=str(limit))
    assert app.dataframe[0].value["nmc"].sum() == len(small) < len(nmc)
    assert app.dataframe[0].value["sse"].sum() == (particles["phase"] == "SSE").sum()
    tpbs = store.tpbs()
    kept = tpbs.merge(small, left_on=["sample", "image", "nmc"], right_on=["sample", "image", "label"])
    assert app.dataframe[0].value["tpbs"].sum() == len(kept)
    contacts = store.contacts(Selection(diameter_um=(None, limit)))
    small_ones = set(zip(small["sample"], small["image"], small["label"], strict=True))
    for row in contacts.itertuples():
        for label, phase in ((row.a, row.phase_a), (row.b, row.phase_b)):
            assert phase != "NMC" or (row.sample, row.image, label) in small_ones


def test_nothing_is_read_ahead_without_a_database(monkeypatch):
    monkeypatch.setenv(URI, "bolt://127.0.0.1:9")
    monkeypatch.setenv(PASSWORD, "x")
    with pytest.raises(CannotConnect):
        store.read_ahead(overview.TABLES)


def test_the_first_image_is_read_ahead_where_there_is_one(small_store, monkeypatch):
    field.read_ahead()
    monkeypatch.setattr(field, "run", None)
    first = field.field_of(store.images().iloc[0])
    assert len(first.details) == first.about["nmc"] + first.about["sse"] + first.about["graphite"]


def test_an_empty_store_has_no_image_to_read_ahead(empty_store):
    field.read_ahead()


def test_new_data_show_up_and_old_tables_are_kept(small_store):
    first = store.table("images")
    assert store.table("images")["sample"] is not first["sample"]
    before = store.look()
    assert store.look() == before
    small_store.change_schema(["CREATE (:Sample {id: 'new'})<-[:OF]-(:Image {id: 'new', key: 'new'})"])
    assert store.look() != before


def test_a_page_may_change_its_table_without_another_seeing_it(small_store):
    mine = store.table("images")
    mine["sample"] = "mine"
    assert "mine" not in store.table("images")["sample"].tolist()


def test_names_are_shown_as_they_are(small_store, open_page):
    assert HARMFUL in open_page("overview").dataframe[0].value["sample"].tolist()
    assert HARMFUL in open_page("overview").multiselect(key="sample").options
    assert as_text(HARMFUL) == f"`{HARMFUL}`"


class TestPassword:
    """A shared deployment: nothing is shown before the password is given."""

    @pytest.fixture(autouse=True)
    def guarded(self, small_store, monkeypatch):
        monkeypatch.setenv(VISITORS_PASSWORD, "open sesame")
        monkeypatch.setattr(access, "_WRONG_PASSWORD_S", 0.0)

    def give(self, app: AppTest, password: str) -> AppTest:
        app.text_input[0].input(password)
        return app.button[0].click().run()

    @pytest.mark.parametrize("name", ["overview", "query", "ingest"])
    def test_nothing_is_shown_before(self, open_page, name):
        app = open_page(name)
        assert not app.dataframe
        assert not app.multiselect
        assert not app.text_area

    def test_a_wrong_one_is_refused(self, open_page):
        app = self.give(open_page("overview"), "open")
        assert "password" in app.error[0].value
        assert not app.dataframe

    def test_the_right_one_opens(self, open_page):
        app = self.give(open_page("overview"), "open sesame")
        assert not app.exception
        assert app.dataframe
        assert "open sesame" not in str(app)

    def test_an_empty_one_opens_nothing(self, open_page, monkeypatch):
        monkeypatch.setenv(VISITORS_PASSWORD, "")
        monkeypatch.setenv(LOGIN, "password")
        assert not self.give(open_page("overview"), "").dataframe

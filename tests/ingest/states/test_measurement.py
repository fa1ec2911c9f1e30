"""From files to the store: images with maps, maps onto images that are there, and every wrong map."""

import hashlib
import json

import numpy as np
import pytest
import tifffile

from cathograph.ingest.options import IngestOptions, MatchingOptions, Source, StateMethod
from cathograph.ingest.pipeline import Placement, ingest_files
from cathograph.ingest.reading import Reading
from cathograph.ingest.states.map_source import MapSource
from cathograph.ingest.stored.stored_image import ingest_map
from cathograph.ingest.xanes.map_file import encode_map
from cathograph.phantom import EnergyModel, make_energy_map, make_microstructure
from cathograph.queries.catalog import load
from cathograph.queries.reading.content import content_hash, counts
from cathograph.queries.reading.runner import run
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.errors import InputError, InputImageError, QueryError

PHASES = ",".join(f"{phase.code}={phase.name}" for phase in SSB_CATHODE.all_phases)
OPTIONS = IngestOptions(source=Source.PHASES, phases=PHASES, pixel_size_nm=30)
PLACE = Placement(sample="s1", cathode="LCD")


@pytest.fixture(scope="module")
def made():
    """Make a phantom and its energy map."""
    phantom = make_microstructure((160, 192), seed=11)
    return phantom, make_energy_map(phantom, seed=11, model=EnergyModel(soc_ev=8343.5))


@pytest.fixture
def files(tmp_path, made):
    """Phase image and energy map as TIFF files."""
    phantom, planted = made
    mask, energy = tmp_path / "mask.tif", tmp_path / "energy.tif"
    tifffile.imwrite(mask, phantom.phases)
    tifffile.imwrite(energy, planted.energy_ev.astype(np.float32))
    return mask, energy


def ingest(store, mask, energy=None, options=OPTIONS, place=PLACE, **source):
    source = None if energy is None else MapSource(energy, **source)
    (outcome,) = ingest_files([mask], Reading.of(options), place, store, energy_map=source)
    return outcome


def ask(store, name, **given):
    return run(store, load(name), load(name).bind(given))


def state_of(store):
    """Content hash, and counts without those of runs."""
    return content_hash(store), {k: v for k, v in counts(store).items() if k not in ("IngestRun", "WROTE")}


def test_an_image_with_its_map_and_back_out_by_query(store, files, made):
    """Regions are found anew, so the truth is taken from the map under each found particle."""
    mask, energy = files
    outcome = ingest(store, mask, energy)
    assert (outcome.state, outcome.energy_map.state) == ("written", "written")
    table = ask(store, "states", sample="s1", image="mask")
    particles = ask(store, "particles")
    assert len(table) == (particles["phase"] == "NMC").sum() == outcome.energy_map.particles
    assert table["cathode"].eq("LCD").all()
    measured = table[table["soc_ev"].notna()]
    assert len(measured) == outcome.energy_map.measured > 5
    _, planted = made
    truth = planted.truth[planted.truth["n_valid_px"] >= 50]
    # The planted particles are found whole or split further: their means agree in the mean, weighted by pixels.
    found = np.average(measured["soc_ev"], weights=measured["n_valid"])
    assert found == pytest.approx(np.average(truth["soc_ev"], weights=truth["n_valid_px"]), abs=0.05)
    assert measured["dropped_fraction"].mean() == pytest.approx(0.02, abs=0.01)
    structures = ask(store, "state_by_structure")
    for structure in ("TPB", "concurrent channel", "touching channel"):
        part = structures[structures["structure"] == structure]
        assert part["particles"].sum() == len(table)
        assert np.average(part["mean_soc_ev"].fillna(0), weights=part["measured"]) == pytest.approx(
            measured["soc_ev"].mean()
        )


def test_regions_given_as_labels_give_the_planted_truth(store, tmp_path, made):
    phantom, planted = made
    labels, table, energy = tmp_path / "labels.npy", tmp_path / "phases.csv", tmp_path / "energy.npy"
    np.save(labels, phantom.labels)
    np.save(energy, planted.energy_ev)
    by_code = {phase.code: phase.name for phase in SSB_CATHODE.all_phases}
    names, first = np.unique(phantom.labels, return_index=True)
    codes = phantom.phases.reshape(-1)[first]
    rows = [f"{n},{by_code[int(c)]}" for n, c in zip(names.tolist(), codes.tolist(), strict=True) if n]
    table.write_text("label,phase\n" + "\n".join(rows) + "\n")
    options = IngestOptions(source=Source.REGIONS, phases=str(table), pixel_size_nm=30)
    assert ingest(store, labels, energy, options).error == ""
    both = ask(store, "states").merge(planted.truth, on="label", suffixes=("", "_true"))
    large = both[both["soc_ev"].notna()]
    assert len(both) == len(planted.truth)
    np.testing.assert_allclose(large["soc_ev"], large["soc_ev_true"], atol=1e-9)
    np.testing.assert_allclose(large["heterogeneity_ev"], large["heterogeneity_ev_true"], atol=1e-7)
    # The map onto the stored image: the phase table is read back from the store.
    second = tmp_path / "second.npy"
    np.save(second, planted.energy_ev + 0.25)
    outcome = ingest_map(store, MapSource(second), sample="s1", image="labels", labels=labels)
    assert outcome.state == "written"
    np.testing.assert_allclose(
        (ask(store, "states")["soc_ev"] - both["soc_ev"]).dropna(), 0.25, atol=0.15
    )  # some values leave the window


def test_again_writes_only_runs_whichever_way(store, files):
    mask, energy = files
    ingest(store, mask, energy)
    before = state_of(store)
    outcome = ingest(store, mask, energy)
    assert (outcome.state, outcome.energy_map.state) == ("unchanged", "unchanged")
    later = ingest_map(store, MapSource(energy), sample="s1", image="mask", labels=mask)
    assert (later.state, later.measured) == ("unchanged", outcome.energy_map.measured)
    assert state_of(store) == before
    assert counts(store)["IngestRun"] == 5


def test_first_the_image_then_the_map_is_the_same_as_both_at_once(store, files, neo4j_server):
    mask, energy = files
    ingest(store, mask)
    assert ask(store, "states")["soc_ev"].isna().all()
    assert ingest_map(store, MapSource(energy), sample="s1", image="mask", labels=mask).state == "written"
    apart = content_hash(store)
    neo4j_server.empty_of_data()
    ingest(store, mask, energy)
    assert content_hash(store) == apart


def test_another_method_or_another_place_is_another_measurement(store, files):
    mask, energy = files
    ingest(store, mask, energy)
    narrow = StateMethod(window_ev=(8341.0, 8347.0))
    assert ingest(store, mask, energy, method=narrow).energy_map.state == "written"
    moved = MatchingOptions(map_offset_um=(0.3, 0.0))
    assert ingest(store, mask, energy, matching=moved).energy_map.state == "written"
    table = ask(store, "measurements").sort_values("created")
    assert table["active"].tolist() == [False, False, True]
    assert table["matching"].tolist() == ["same_grid", "same_grid", "placed"]
    assert '"window_low_ev":8341.0' in table["params"].iloc[1]
    assert table["offset_um"].iloc[2] == [0.3, 0.0]
    assert table["residual_shift_um"].iloc[2] == pytest.approx([-0.3, 0.0], abs=0.01)


def test_what_the_values_say_of_the_fit_is_stored_and_told(store, tmp_path, files, made):
    """Zeros where nothing was fitted, fits that ended at a bound, and a standard error for each energy."""
    mask, _ = files
    _, planted = made
    rng = np.random.default_rng(8)
    energy = planted.energy_ev.astype(np.float32)
    energy += rng.normal(0, 0.2, energy.shape).astype(np.float32)
    fitted = np.isfinite(energy)
    pinned = fitted & (rng.random(energy.shape) < 0.03)
    energy[~fitted], energy[pinned] = 0.0, 8340.0
    errors = np.where(fitted, np.float32(0.2), np.float32(np.nan))
    path = tmp_path / "fitted.tif"
    path.write_bytes(encode_map(energy, None, standard_error_ev=errors))
    outcome = ingest(store, mask, path).energy_map
    assert outcome.state == "written"
    record = outcome.as_record()
    assert (record["n_fill"], record["n_pinned"]) == ((~fitted).sum(), pinned.sum())
    assert sum("hold" in note for note in record["notes"]) == 2
    measurement = ask(store, "measurements").iloc[0]
    assert (measurement["fill_ev"], measurement["pinned_ev"]) == ([0.0], [8340.0])
    assert (measurement["n_fill"], measurement["n_pinned"]) == (record["n_fill"], record["n_pinned"])
    assert bool(measurement["with_standard_errors"])
    table = ask(store, "states")
    known = table[table["heterogeneity_corrected_ev"].notna()]
    assert len(known) == table["soc_ev"].notna().sum() > 5
    assert known["fit_noise_ev"].tolist() == pytest.approx([0.2] * len(known))
    # Without the noise the spread is that of the map before it was added.
    before = tmp_path / "before.npy"
    np.save(before, np.where(pinned, np.nan, planted.energy_ev))
    ingest(store, mask, before)
    plain = ask(store, "states").set_index("label")["heterogeneity_ev"]
    corrected = known.set_index("label")["heterogeneity_corrected_ev"]
    large = known.set_index("label")["n_valid"] > 300
    assert large.sum() > 3
    np.testing.assert_allclose(corrected[large], plain[corrected.index][large], atol=0.06)
    assert (
        bool(ask(store, "measurements").sort_values("created")["with_standard_errors"].tolist()[-1]) is False
    )


def test_the_same_map_with_standard_errors_is_another_measurement(store, tmp_path, files, made):
    mask, energy = files
    ingest(store, mask, energy)
    path = tmp_path / "with.tif"
    values = made[1].energy_ev.astype(np.float32)
    path.write_bytes(encode_map(values, None, standard_error_ev=np.full(values.shape, 0.1)))
    assert ingest(store, mask, path).energy_map.state == "written"
    assert len(ask(store, "measurements")) == 2


def test_a_dry_run_computes_and_writes_nothing(files):
    mask, energy = files
    outcome = ingest(None, mask, energy)
    assert (outcome.state, outcome.energy_map.state) == ("computed", "computed")
    assert outcome.as_record()["measured"] == outcome.energy_map.measured > 0


def test_a_registered_map(store, files, made, tmp_path):
    mask, _ = files
    _, planted = made
    energy = tmp_path / "part.npy"
    np.save(energy, planted.energy_ev[20:140, 12:160])
    refused = ingest(store, mask, energy)
    assert "`by_correlation`" in refused.error
    assert refused.state == "failed"
    options = MatchingOptions(map_pixel_size_nm=30, by_correlation=True)
    outcome = ingest(store, mask, energy, matching=options)
    assert outcome.energy_map.state == "written"
    assert any("placed by correlation" in note for note in outcome.notes)
    (offset,) = ask(store, "measurements")["offset_um"]
    assert offset == pytest.approx([20 * 0.03, 12 * 0.03], abs=0.03)
    whole = ask(store, "states")
    assert (whole["missing_fraction"] > 0.1).any(), "NMC beyond the map's border are told"


def test_pages_go_with_pages(store, tmp_path, made):
    phantom, planted = made
    mask, energy = tmp_path / "stack.tif", tmp_path / "maps.tif"
    tifffile.imwrite(mask, np.stack([phantom.phases, phantom.phases[::-1]]), photometric="minisblack")
    maps = np.stack([planted.energy_ev, planted.energy_ev[::-1] + 0.5])
    tifffile.imwrite(energy, maps.astype(np.float32), photometric="minisblack")
    outcomes = ingest_files([mask], Reading.of(OPTIONS), PLACE, store, energy_map=MapSource(energy))
    assert [outcome.energy_map.state for outcome in outcomes] == ["written", "written"]
    by_page = ask(store, "states").groupby("image")["soc_ev"].mean()
    assert by_page["stack#1"] - by_page["stack#0"] == pytest.approx(0.5, abs=0.15)
    again = ingest_map(store, MapSource(energy), sample="s1", image="stack#1", labels=mask)
    assert again.state == "unchanged", "the page is found by its pixels"
    one = tmp_path / "one.tif"
    tifffile.imwrite(one, maps[1].astype(np.float32))
    (failed,) = ingest_files([mask], Reading.of(OPTIONS), PLACE, store, energy_map=MapSource(one))
    assert "1 maps in one.tif for 2 images" in failed.error
    alone = ingest_map(store, MapSource(one), sample="s1", image="stack#1", labels=mask)
    assert alone.state == "unchanged", "the same values, alone in a file"


def test_equal_pages_keep_their_own_maps(store, tmp_path, made):
    """An operando series: one mask three times, three maps. Image #2 takes map #2, not the first whose mask fits."""
    phantom, planted = made
    mask, energy = tmp_path / "series.tif", tmp_path / "maps.tif"
    tifffile.imwrite(mask, np.stack([phantom.phases] * 3), photometric="minisblack")
    maps = np.stack([planted.energy_ev + shift for shift in (-0.5, 0.0, 0.5)])
    tifffile.imwrite(energy, maps.astype(np.float32), photometric="minisblack")
    for outcome in ingest_files([mask], Reading.of(OPTIONS), PLACE, store):
        assert outcome.error == ""
    for page in range(3):
        added = ingest_map(store, MapSource(energy), sample="s1", image=f"series#{page}", labels=mask)
        assert added.state == "written"
    means = ask(store, "states").groupby("image")["soc_ev"].mean()
    assert means["series#2"] - means["series#1"] == pytest.approx(0.5, abs=0.2)
    assert means["series#1"] - means["series#0"] == pytest.approx(0.5, abs=0.2)
    # One page alone serves; a series whose page 2 differs, or is not there, does not.
    alone, two, other = tmp_path / "alone.tif", tmp_path / "two.tif", tmp_path / "other.tif"
    tifffile.imwrite(alone, phantom.phases)
    tifffile.imwrite(two, np.stack([phantom.phases] * 2), photometric="minisblack")
    series = np.stack([phantom.phases, phantom.phases, phantom.phases[::-1]])
    tifffile.imwrite(other, series, photometric="minisblack")
    one_map = tmp_path / "one.npy"
    np.save(one_map, maps[2].astype(np.float32))
    place = {"sample": "s1", "image": "series#2"}
    assert ingest_map(store, MapSource(one_map), **place, labels=alone).state == "unchanged"
    for wrong in (two, other):
        with pytest.raises(InputImageError, match=r"other pixels in .*was made from at page 2"):
            ingest_map(store, MapSource(one_map), **place, labels=wrong)


def test_an_image_of_one_page_is_not_guessed_among_equal_pages(store, files, made, tmp_path):
    mask, energy = files
    ingest(store, mask)
    double = tmp_path / "double.tif"
    tifffile.imwrite(double, np.stack([made[0].phases] * 2), photometric="minisblack")
    with pytest.raises(InputImageError, match=r"'mask' in double\.tif at pages 0, 1; expected it once"):
        ingest_map(store, MapSource(energy), sample="s1", image="mask", labels=double)


def test_a_new_segmentation_says_that_states_are_out_of_sight(store, files):
    mask, energy = files
    wider = OPTIONS.with_changes(radius_px=4)
    assert not any("earlier segmentation" in note for note in ingest(store, mask, energy).notes)
    outcome = ingest(store, mask, options=wider)
    (note,) = [note for note in outcome.notes if "earlier segmentation" in note]
    assert "had 1 measurements" in note
    assert "ingest-map" in note
    for again in (
        ingest(store, mask, options=wider),
        ingest(store, mask),
        ingest(store, mask, energy, wider),
    ):
        assert again.error == ""
        assert not any("earlier segmentation" in note for note in again.notes)


# The record beside a map ---------------------------------------------------------------------------------

RECORD = {
    "method": {"name": "white_line", "smoothing": 3},
    "window_ev": [8338.0, 8350.0],
    "reference_ev": 8344.5,
    "energies_ev": [8330.0, 8340.5, 8350.0],
}


def write_fit(energy, **changes):
    sha256 = hashlib.sha256(energy.read_bytes()).hexdigest()
    energy.with_suffix(".json").write_text(json.dumps({"map_sha256": sha256, **RECORD, **changes}))


def test_how_a_map_was_fitted_is_stored_and_its_calibration_taken(store, files):
    mask, energy = files
    write_fit(energy)
    source = {"calibration_given": False, "method": StateMethod(min_pixels=40)}
    outcome = ingest(store, mask, energy, **source)
    assert "window 8338 to 8350 eV and reference 8344.5 eV from energy.json" in outcome.notes
    (stored,) = ask(store, "measurements").to_dict("records")
    params = json.loads(stored["params"])
    assert (params["window_low_ev"], params["window_high_ev"], params["reference_ev"]) == (8338, 8350, 8344.5)
    assert (params["fit"], params["min_pixels"]) == (RECORD["method"], 40)
    assert list(stored["energies"]) == RECORD["energies_ev"]
    again = ingest_map(store, MapSource(energy, **source), sample="s1", image="mask", labels=mask)
    assert again.state == "unchanged"


def test_a_given_calibration_wins_over_the_record(store, files):
    mask, energy = files
    write_fit(energy)
    outcome = ingest(store, mask, energy, method=StateMethod(window_ev=(8341.0, 8347.0)))
    assert not any("energy.json" in note for note in outcome.notes)
    (stored,) = ask(store, "measurements").to_dict("records")
    params = json.loads(stored["params"])
    assert (params["window_low_ev"], params["reference_ev"], params["fit"]["name"]) == (
        8341,
        8344,
        "white_line",
    )


def test_maps_fitted_in_different_ways_are_two_measurements(store, files):
    mask, energy = files
    write_fit(energy)
    ingest(store, mask, energy)
    write_fit(energy, method={"name": "half_height"})
    assert ingest(store, mask, energy).energy_map.state == "written"
    assert ask(store, "measurements")["params"].nunique() == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (json.dumps({"map_sha256": "0" * 64, **RECORD}), "describes another map and was ignored"),
        (json.dumps({"spectra": 3}), "describes no map by its hash and was ignored"),
        ("[1]", "describes no map by its hash"),
        ("{", "cannot be read"),
    ],
)
def test_a_record_of_something_else_is_ignored_with_a_note(store, files, text, words):
    mask, energy = files
    energy.with_suffix(".json").write_text(text)
    outcome = ingest(store, mask, energy, calibration_given=False)
    assert any("energy.json" in note and words in note for note in outcome.notes)
    (stored,) = ask(store, "measurements").to_dict("records")
    assert "fit" not in json.loads(stored["params"])
    assert stored["energies"] is None
    energy.with_suffix(".json").unlink()
    assert ingest(store, mask, energy).energy_map.state == "unchanged", "as without a record"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "white line"}, "no usable method"),
        ({"window_ev": [8340]}, "no usable window_ev"),
        ({"window_ev": ["8340", "8348"]}, "no usable window_ev"),
        ({"reference_ev": None}, "no usable reference_ev"),
        ({"energies_ev": []}, "no usable energies_ev"),
        ({"energies_ev": [8340, True]}, "no usable energies_ev"),
    ],
)
def test_a_record_of_this_map_that_says_nothing_is_refused(files, changes, words):
    mask, energy = files
    write_fit(energy, **changes)
    outcome = ingest(None, mask, energy)
    assert outcome.state == "failed"
    assert words in outcome.error


# Wrong maps ----------------------------------------------------------------------------------------------


def spoiled(energy, kind):
    if kind == "keV":
        return energy / 1000
    if kind == "NaN":
        return np.full_like(energy, np.nan)
    if kind == "integers":
        return np.nan_to_num(energy).astype(np.uint16)
    if kind == "empty window":
        return energy + 100
    if kind == "wrong size":
        return energy[:-1]
    return np.where(np.isnan(energy), 8344.0, np.nan)  # beside the NMC only


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("keV", "keV"),
        ("NaN", "everywhere"),
        ("integers", "whole numbers"),
        ("empty window", "`window_ev`"),
        ("wrong size", "`map_pixel_size_nm`"),
        ("beside", "no better than chance"),
    ],
)
def test_a_wrong_map_writes_nothing_at_all(store, files, made, tmp_path, kind, words):
    mask, _ = files
    bad = tmp_path / "bad.npy"
    np.save(bad, spoiled(made[1].energy_ev, kind))
    before = state_of(store)
    outcome = ingest(store, mask, bad)
    assert outcome.state == "failed"
    assert words in outcome.error
    assert "\n" not in outcome.error
    assert state_of(store) == before, "nor is the image there without its map"


def test_a_map_elsewhere_writes_nothing(store, files):
    outcome = ingest(store, *files, matching=MatchingOptions(map_offset_um=(100.0, 0.0)))
    assert "does not overlap" in outcome.error


def test_a_map_for_several_files_is_refused(files):
    mask, energy = files
    with pytest.raises(InputError, match="`energy_map` with 2 files"):
        ingest_files([mask, mask], Reading.of(OPTIONS), PLACE, None, energy_map=MapSource(energy))


def test_a_map_needs_the_image_and_its_very_file(store, files, made, tmp_path):
    mask, energy = files
    with pytest.raises(QueryError, match="no image 'mask' of sample 's1'"):
        ingest_map(store, MapSource(energy), sample="s1", image="mask", labels=mask)
    ingest(store, mask)
    other = tmp_path / "other.tif"
    tifffile.imwrite(other, np.roll(made[0].phases, 1, axis=0))
    with pytest.raises(InputImageError, match=r"other pixels in other\.tif than image 'mask'"):
        ingest_map(store, MapSource(energy), sample="s1", image="mask", labels=other)


def test_a_segmentation_of_another_version_is_not_guessed(store, files, monkeypatch):
    mask, energy = files
    monkeypatch.setattr("cathograph.ingest.pipeline.GRAPH_VERSION", 0)
    ingest(store, mask)
    monkeypatch.undo()
    with pytest.raises(InputError, match="another version of Cathograph"):
        ingest_map(store, MapSource(energy), sample="s1", image="mask", labels=mask)


@pytest.mark.parametrize(
    "options",
    [
        OPTIONS.with_changes(split_nmc=False, min_size_px=20, radius_px=2),
        OPTIONS.with_changes(local_channel_path_um=1.0),
        IngestOptions(
            pixel_size_nm=30, segmenter_parameters={"phases_by_grey": "background,SSE,NMC,Graphite"}
        ),
    ],
    ids=["unsplit", "local channels", "grey"],
)
def test_options_are_read_back_from_the_store(store, files, options):
    """Whatever the image was ingested with, the map needs no word of it."""
    mask, energy = files
    assert ingest(store, mask, options=options).error == ""
    outcome = ingest_map(store, MapSource(energy), sample="s1", image="mask", labels=mask)
    assert outcome.state == "written"

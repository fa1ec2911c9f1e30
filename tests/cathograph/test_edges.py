"""Absorption edges on the command line: Co and Fe scans, and a Ni and a Co map of one image beside each other."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
import xraydb

from cathograph.phantom import edge_spectrum, make_energy_map, make_microstructure, make_xanes_stack
from cathograph.schema.edges import edge_of_name

SHAPE = (64, 72)
CO_EV = np.concatenate(
    [np.arange(7600.0, 7701, 10), np.arange(7704.0, 7740), np.arange(7742.0, 7800, 4), [7900, 8000]]
)
NI_EV = CO_EV + 624  # from edge to edge
FE_EV = np.concatenate([np.arange(7082.0, 7106, 4), np.arange(7108.0, 7148), np.arange(7150.0, 7205, 5)])
MAP = ["--sample", "s1", "--image", "phases", "--labels", "phases.tif"]


@pytest.fixture(scope="module")
def made():
    """Give a phantom with its Ni map, and the same states at the Co K edge."""
    phantom = make_microstructure(SHAPE, seed=3)
    ni = make_energy_map(phantom, seed=3)
    return phantom, ni, ni.moved_to("Co K", 7727.0)


def write_stack(name, stack, energies):
    tifffile.imwrite(f"{name}.tif", stack.astype(np.float32), photometric="minisblack")
    np.savetxt(f"{name}.txt", energies, fmt="%g")
    return "xanes", "fit", f"{name}.tif", "--energies", f"{name}.txt"


def write_map_stack(name, phantom, energy_map, energies):
    return write_stack(name, make_xanes_stack(phantom, energy_map, energies, seed=3, snr=80), energies)


def in_one_line(result, *words):
    code, _, err = result
    assert code == 1
    err = " ".join(err.split())
    assert err.startswith("Error:")
    for word in words:
        assert word in err, err


def test_a_co_scan_is_fitted_without_a_word_about_its_edge(call, made):
    phantom, _, co = made
    fit = write_map_stack("co", phantom, co, CO_EV)
    code, out, err = call(*fit, "--out", "co_map.tif")
    assert code == 0, err
    record = json.loads(Path("co_map.json").read_text())
    assert (record["edge"], record["window_ev"], record["reference_ev"]) == ("Co K", [7719, 7735], 7727)
    assert record["normalisation"]["edge_ev"] == 7727
    assert "edge Co K (7709 eV) by the energies" in " ".join(err.split())
    assert "--edge 'Co K' --window-ev 7719.00,7735.00" in " ".join(err.split())
    assert "Co K, white-line" in out
    found, truth = tifffile.imread("co_map.tif"), co.energy_ev
    inside = np.abs(truth - 7727) < 4
    assert np.nanmedian(np.abs(found - truth)[inside]) < 0.08
    assert call(*fit, "--out", "named.tif", "--edge", "co k")[0] == 0
    np.testing.assert_array_equal(tifffile.imread("named.tif"), found)


def test_inspect_proposes_the_edge_and_the_next_command(call, made):
    phantom, _, co = made
    write_map_stack("co", phantom, co, CO_EV)
    code, out, _ = call("inspect", "co.tif", "--energies", "co.txt")
    assert code == 0
    assert "edge        Co K, by the energies" in out
    assert "cathograph xanes fit co.tif --energies co.txt" in out
    np.savetxt("none.txt", np.linspace(9000, 9200, len(CO_EV)))
    code, out, _ = call("inspect", "co.tif", "--energies", "none.txt")
    assert code == 0
    assert "cover no known edge" in " ".join(out.split())
    assert "--edge 'ELEMENT K'" not in out, "no edge can be named for such a scan"
    np.savetxt("two.txt", np.linspace(7600, 8400, len(CO_EV)))
    code, out, _ = call("inspect", "co.tif", "--energies", "two.txt")
    assert code == 0
    assert "cover Co K (7709 eV), Ni K (8333 eV)" in " ".join(out.split())
    assert "--edge" in out.splitlines()[-1]


def test_a_scan_of_no_edge_of_two_or_of_another_is_refused(call, made):
    phantom, _, co = made
    fit = write_map_stack("co", phantom, co, CO_EV)[:-1]
    for name, energies, words in (
        ("none.txt", np.linspace(9000, 9200, len(CO_EV)), ["cover no known edge", "--edge"]),
        ("two.txt", np.linspace(7600, 8400, len(CO_EV)), ["Co K (7709 eV), Ni K (8333 eV)", "--edge"]),
    ):
        np.savetxt(name, energies)
        in_one_line(call(*fit, name, "--out", "map.tif"), *words)
    in_one_line(
        call(*fit, "co.txt", "--out", "map.tif", "--edge", "Ni K"), "7600 to 8000 eV", "Ni K (8333 eV)"
    )
    in_one_line(call(*fit, "co.txt", "--out", "map.tif", "--edge", "Cu K"), "Mn K, Fe K, Co K, Ni K")
    assert not Path("map.tif").exists()


def test_an_fe_scan_of_57_energies_with_nine_references(call):
    assert FE_EV.size == 57
    white_lines = np.linspace(7124.0, 7134.0, 9)
    references = edge_spectrum(FE_EV, white_lines, "Fe K")
    np.savetxt("nine.csv", np.column_stack([FE_EV, references]), delimiter=",")
    rng = np.random.default_rng(0)
    share = rng.dirichlet(np.full(9, 0.3), (20, 24))
    mixed = np.einsum("yxr,er->eyx", share, references)
    absorbance = 0.5 - 2e-4 * (FE_EV - 7112)[:, None, None] + 0.6 * mixed + rng.normal(0, 0.002, mixed.shape)
    truth = share @ white_lines
    fit = write_stack("fe", absorbance, FE_EV)
    # The default pre-edge range holds six energies of this scan; without normalisation it takes a line beneath.
    for name, more in (
        ("normalised", ["--post-ev", "7165,7210", "--post-degree", "1"]),
        ("plain", ["--no-normalise"]),
    ):
        code, out, err = call(
            *fit, "--out", f"{name}.tif", "--method", "linear-combination", "--references", "nine.csv", *more,
            "--quality", f"{name}_quality.tif",
        )  # fmt: skip
        assert code == 0, err
        assert "Fe K, linear-combination" in out
        error = tifffile.imread(f"{name}.tif") - truth
        assert np.nanmedian(np.abs(error)) < 0.3, name
        assert np.isfinite(error).mean() > 0.95
        record = json.loads(Path(f"{name}.json").read_text())
        assert record["edge"] == "Fe K"
        assert len(record["method"]["parameters"]["references"]["edge_energies_ev"]) == 9
        assert "--edge 'Fe K'" in err
        residual = tifffile.imread(f"{name}_quality.tif")[1]
        assert residual.shape == truth.shape
    assert np.median(residual) == pytest.approx(0.002 / 0.6, rel=0.5), (
        "without normalisation: the noise over the jump"
    )


def test_references_are_searched_where_search_ev_says(call, made):
    phantom, _, co = made
    fit = write_map_stack("co", phantom, co, CO_EV)
    low_high = edge_spectrum(CO_EV, np.array([7725.0, 7729.0]), "Co K")
    np.savetxt("two.csv", np.column_stack([CO_EV, low_high]), delimiter=",")
    code, out, err = call(*fit, "--out", "map.tif", "--references", "two.csv", "--search-ev", "7715,7737")
    assert code == 0, err
    assert "(references column 2 7725." in out
    in_one_line(
        call(*fit, "--out", "no.tif", "--references", "two.csv", "--search-ev", "7730,7737"),
        "two.csv", "7730 to 7737 eV", "--search-ev",
    )  # fmt: skip


def test_a_stack_of_xraydbs_table_is_found_by_half_height(call):
    # The table's step, as broad as a core hole makes it (Co K: 1.3 eV), has no white line.
    fine = np.arange(7500.0, 8100, 0.1)
    mu = xraydb.mu_elam("Co", fine)
    bell = np.exp(-0.5 * (np.arange(-60, 61) * 0.1 / 1.3) ** 2)
    smooth = np.convolve(np.pad(mu, 60, mode="edge"), bell / bell.sum(), mode="valid")
    spectrum = np.interp(CO_EV, fine, smooth) / smooth.max()
    noise = np.random.default_rng(0).normal(0, 1e-3, (CO_EV.size, 12, 12))
    fit = write_stack("table", spectrum[:, None, None] + noise, CO_EV)
    code, _, err = call(*fit, "--out", "map.tif", "--method", "half-height")
    assert code == 0, err
    assert json.loads(Path("map.json").read_text())["edge"] == "Co K"
    found = tifffile.imread("map.tif")
    assert np.isfinite(found).mean() > 0.9
    assert np.nanmedian(found) == pytest.approx(edge_of_name("Co K").energy_ev, abs=0.5)


def table_of(result):
    code, out, err = result
    assert code == 0, err
    return pd.read_csv(io.StringIO(out))


@pytest.fixture
def two_maps(cathograph, made):
    """Fit a Ni and a Co stack of one phantom and ingest image and maps."""
    phantom, ni, co = made
    tifffile.imwrite("phases.tif", phantom.phases)
    tifffile.imwrite("grey.tif", (phantom.phases * 60).astype(np.uint8))
    for name, energy_map, energies in (("ni", ni, NI_EV), ("co", co, CO_EV)):
        fit = write_map_stack(name, phantom, energy_map, energies)
        assert cathograph(*fit, "--out", f"{name}_map.tif")[0] == 0
    line = ["--as", "phases", "--phases", "0=background,1=SSE,2=NMC,3=Graphite", "--sample", "s1"]
    result = cathograph(
        "ingest",
        "phases.tif",
        *line,
        "--pixel-size-nm",
        "50",
        "--energy-map",
        "ni_map.tif",
        "--min-pixels",
        "20",
    )
    assert result[0] == 0, result[2]
    return cathograph


def test_a_ni_and_a_co_map_of_one_image(two_maps):
    cathograph = two_maps
    ni = table_of(cathograph("query", "states", "--format", "csv"))
    in_one_line(
        cathograph("ingest-map", "co_map.tif", *MAP, "--edge", "Ni K"),
        "fitted over Co K",
        "co_map.json",
        "--edge",
    )
    code, _, err = cathograph("ingest-map", "co_map.tif", *MAP, "--min-pixels", "20")
    assert code == 0, err
    assert "edge Co K, window 7719 to 7735 eV" in " ".join(err.split()), "from the record of the fit"
    both = table_of(cathograph("query", "states", "--format", "csv"))
    assert len(both) == 2 * len(ni)
    assert set(both["element"] + " " + both["edge"]) == {"Ni K", "Co K"}
    again = table_of(cathograph("query", "states", "--param", "edge=Ni K", "--format", "csv"))
    pd.testing.assert_frame_equal(again, ni)
    co = table_of(cathograph("query", "states", "--param", "edge=Co K", "--format", "csv"))
    measured = ni["soc_ev"].notna() & co["soc_ev"].notna()
    assert measured.all()
    # The phantom's states are the same at both edges, 617 eV apart; noise and windows differ.
    assert np.median(np.abs(ni["soc_ev"] - co["soc_ev"] - 617)[measured]) < 0.15
    maps = table_of(cathograph("query", "measurements", "--format", "csv"))
    assert set(zip(maps["element"], maps["in_sight"], strict=True)) == {("Ni", True), ("Co", True)}
    in_one_line(cathograph("export", "--format", "csv", "--out", "none"), "Co K and Ni K", "--edge")
    for edge, near in (("Ni K", 8344), ("Co K", 7727)):
        out = Path(edge.replace(" ", "_"))
        code, _, err = cathograph("report", "--out", out, "--edge", edge, "--draws", "0")
        assert code == 0, err
        page = next(out.glob("*.html")).read_text()
        assert f"States are those of the absorption edge {edge}." in page
        code, _, err = cathograph("export", "--format", "csv", "--out", f"{edge[:2]}_tables", "--edge", edge)
        assert code == 0, err
        states = pd.concat([pd.read_csv(path) for path in Path(f"{edge[:2]}_tables").glob("*.csv")])
        assert states["soc_ev"].dropna().sub(near).abs().max() < 5
    in_one_line(cathograph("report", "--out", "none", "--edge", "Fe K"), "no states of Fe K", "Co K, Ni K")


def test_a_report_shows_both_edges_side_by_side(two_maps):
    cathograph = two_maps
    assert cathograph("ingest-map", "co_map.tif", *MAP, "--min-pixels", "20")[0] == 0
    code, _, err = cathograph("report", "--out", "both", "--draws", "0")
    assert code == 0, err
    tests = pd.read_csv("both/tables/table-s1.csv")
    assert set(tests["selection"]) == {"all samples, Co K", "all samples, Ni K"}
    boxes = pd.read_csv("both/figures/fig-4d-g-tpb.csv")
    means = boxes.dropna(subset=["soc_ev"]).groupby(["element", "edge"])["soc_ev"].mean()
    assert means["Ni", "K"] - means["Co", "K"] == pytest.approx(617, abs=0.15)
    for structure in ("figures/fig-3b-nmc-size.csv", "tables/images.csv", "tables/percolation.csv"):
        table = pd.read_csv(Path("both") / structure)
        assert "selection" not in table.columns, structure
        assert not table.duplicated().any()
    maps = pd.read_csv("both/tables/measurements.csv")
    assert sorted(maps["element"]) == ["Co", "Ni"]
    page = Path("both/report.html").read_text()
    assert "Co K and Ni K, side by side" in page
    assert "not independent" not in page


def test_a_map_without_a_record_needs_its_edge(two_maps):
    cathograph = two_maps
    Path("co_map.json").unlink()
    in_one_line(cathograph("ingest-map", "co_map.tif", *MAP), "8340 to 8348", "--edge Co K")
    assert cathograph("ingest-map", "co_map.tif", *MAP, "--edge", "co k", "--min-pixels", "20")[0] == 0
    maps = table_of(cathograph("query", "measurements", "--format", "csv"))
    assert set(maps["element"]) == {"Ni", "Co"}
    assert maps["in_sight"].all()


def test_both_maps_are_verified(two_maps):
    cathograph = two_maps
    assert cathograph("ingest-map", "co_map.tif", *MAP, "--min-pixels", "20")[0] == 0
    code, out, err = cathograph("verify")
    assert code == 0, out + err
    for name in ("ni_map.tif", "co_map.tif"):
        content = Path(name).read_bytes()
        Path(name).write_bytes(content + b"\0")
        code, out, err = cathograph("verify")
        assert code == 1
        assert name in out + err
        Path(name).write_bytes(content)

"""What docs/xanes.md promises: its code runs, errors are as it says, and the rivals of the benchmark agree."""

import re

import numpy as np
import pytest
from repository import ROOT

from cathograph.benchmarks.accuracy.xanes_accuracy import measure_mixtures, measure_phantom_spectra
from cathograph.benchmarks.speed.xanes import fit_by_curve_fit, fit_ours, methods
from cathograph.benchmarks.xanes_stacks import make_spectra
from cathograph.ingest.xanes.references import read_references

PAGE = ROOT / "docs" / "xanes.md"


def test_the_code_of_the_page_runs(capsys):
    page = PAGE.read_text(encoding="utf-8")
    printed = []
    for block in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), {})  # noqa: S102  our own page
        printed.append(capsys.readouterr().out)
    masked, noise = printed
    assert 0 < float(masked) < 1
    # The table of pure noise is what its code prints.
    rows = [
        f"| {low}–{high}, every {step} | {float(error):.1f} | {float(now):.1%} | {float(before):.1%} |"
        for low, high, step, error, now, before in (line.split() for line in noise.splitlines())
    ]
    assert len(rows) == 4
    assert all(row.replace("%", " %") in page for row in rows)


@pytest.mark.parametrize("name", methods())
def test_curve_fit_gives_our_answers(name):
    edges = np.random.default_rng(1).uniform(8341, 8347, (4, 10))
    stack = make_spectra(edges, snr=30.0, seed=1)
    np.testing.assert_allclose(fit_by_curve_fit(stack, name), fit_ours(stack, name).ravel(), atol=1e-3)


def test_errors_on_phantom_spectra_are_those_of_the_page():
    table = measure_phantom_spectra().set_index(["method", "edge jump / noise"])
    without = table.xs("no noise", level=1)
    assert (without["kept"] == 1).all()
    assert (without["spread / eV"].drop("linear-combination") < 0.04).all()
    assert (without["bias / eV"].abs() < 0.15).all()
    assert abs(without.loc["white-line", "bias / eV"]) < 0.01
    at_fifty = table.xs("50", level=1)["spread / eV"]
    assert (at_fifty.drop("linear-combination") < 0.1).all()


@pytest.mark.data
def test_errors_on_measured_mixtures_are_those_of_the_page(shared_data):
    pair = read_references(shared_data / "ni-k-edge-references" / "nio_linio2_near_edge.csv")
    table = measure_mixtures(pair).set_index(["method", "edge jump / noise"])
    assert (table.xs("20", level=1)["bias / eV"].abs() < 0.02).all()
    spread = table["spread / eV"].unstack()
    assert (spread["20"] < 0.2).all()
    assert (spread.loc["linear-combination", "10"] < 0.7 * spread["10"].drop("linear-combination")).all()

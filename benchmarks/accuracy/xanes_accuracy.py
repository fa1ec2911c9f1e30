"""How far edge energies are off, by method and noise: the tables and pictures of docs/xanes.md.

``python -m cathograph.benchmarks.accuracy.xanes_accuracy --pictures docs/pictures --references FILE`` prints
the tables. Truth is of two kinds:

- phantom spectra over 8210–8700 eV, white lines drawn evenly from 8341 to 8347 eV: bias against the
  known white line, or the half-height of the same spectrum, which lies a constant below;
- mixtures of two measured references (text file: energies and two normalised spectra) at their own
  energies, drawn evenly from the one to the other, without normalisation: bias against the same
  method on the mixture without noise, and for linear combinations against the share mixed.

*Bias* is the median error, *spread* half the distance of the 16 % and 84 % quantiles, both over the
pixels that were kept; *kept* is their share.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import brentq

from cathograph.benchmarks.xanes_stacks import (
    END_MEMBERS_EV,
    ENERGIES_EV,
    make_phantom_references,
    make_spectra,
)
from cathograph.ingest.stacks.energy_stack import ArrayEnergyStack
from cathograph.ingest.xanes.fitting import fit_stack
from cathograph.ingest.xanes.gaussian_peak import GaussianWhiteLine
from cathograph.ingest.xanes.half_height import HalfHeight
from cathograph.ingest.xanes.linear_combination import LinearCombination
from cathograph.ingest.xanes.methods import Method
from cathograph.ingest.xanes.normalisation import Normalisation
from cathograph.ingest.xanes.quality import QualityLimits, mask_pixels
from cathograph.ingest.xanes.references import ReferenceSpectra, read_references
from cathograph.ingest.xanes.white_line import WhiteLine
from cathograph.phantom import make_energy_map, make_microstructure, make_xanes_stack
from cathograph.phantom.spectra import edge_shape

NOISE_LEVELS: tuple[float | None, ...] = (None, 100.0, 50.0, 20.0, 10.0, 5.0)
_SIDE_PX = 64
_ANYWHERE = (0.0, 1e9)
_COLUMNS = ("method", "edge jump / noise", "bias / eV", "spread / eV", "kept")


def measure_phantom_spectra() -> pd.DataFrame:
    """Fit phantom spectra at every noise level; one row per method and level."""
    half = float(brentq(lambda x: edge_shape(np.array([x]))[0] - 0.5, -10.0, -4.0))
    pair = make_phantom_references()
    edges = np.random.default_rng(0).uniform(*END_MEMBERS_EV, (_SIDE_PX, _SIDE_PX))
    rows = []
    for snr in NOISE_LEVELS:
        stack = ArrayEnergyStack(make_spectra(edges, snr=snr, seed=1), ENERGIES_EV)
        for method in _methods(pair, baseline=False):
            truth = edges + half if isinstance(method, HalfHeight) else edges
            rows.append((method.name, _level(snr), *_compare(stack, method, Normalisation(), truth)))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def measure_mixtures(references: ReferenceSpectra) -> pd.DataFrame:
    """Fit mixtures of measured references at every noise level; one row per method and level."""
    rng = np.random.default_rng(0)
    share = rng.uniform(0, 1, (_SIDE_PX, _SIDE_PX))
    low, high = references.spectra[:, :, None, None]
    clean = (1 - share) * low + share * high
    rows = []
    for snr in NOISE_LEVELS:
        noisy = clean if snr is None else clean + rng.standard_normal(clean.shape) / snr
        stack = ArrayEnergyStack(noisy, references.energies_ev)
        for method in _methods(references, baseline=False):
            if isinstance(method, LinearCombination):
                truth = references.low_ev + share * (references.high_ev - references.low_ev)
            else:
                undisturbed = ArrayEnergyStack(clean, references.energies_ev)
                truth = fit_stack(undisturbed, method, None).edge_energy_ev
            rows.append((method.name, _level(snr), *_compare(stack, method, None, truth)))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def draw_accuracy(path: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Draw spread and bias over the noise, one column of panels per table."""
    figure = Figure(figsize=(5.2 * len(tables), 6.4), layout="constrained")
    panels = figure.subplots(2, len(tables), sharex=True, sharey="row", squeeze=False)
    for column, (title, table) in zip(panels.T, tables.items(), strict=True):
        for name, of_method in table[table["edge jump / noise"] != "no noise"].groupby("method", sort=False):
            noise = of_method["edge jump / noise"].astype(float)
            column[0].loglog(noise, of_method["spread / eV"], "o-", ms=4, label=name)
            column[1].semilogx(noise, of_method["bias / eV"], "o-", ms=4)
        column[0].set_title(title)
        column[1].axhline(0, color="0.6", lw=0.8)
        column[1].set(xlabel="edge jump over noise", xticks=[5, 10, 20, 50, 100])
        column[1].set_xticklabels(["5", "10", "20", "50", "100"])
        column[1].minorticks_off()
    panels[0, 0].set_ylabel("spread / eV")
    panels[1, 0].set_ylabel("bias / eV")
    panels[0, 0].legend(frameon=False)
    figure.savefig(path, dpi=110)


def draw_map(path: Path) -> None:
    """Draw the truth, the fitted map and the error of a phantom stack of 63 energies."""
    phantom = make_microstructure((320, 320), preset="ECD", seed=5, pixel_size_um=0.04)
    truth = make_energy_map(phantom, seed=5)
    stack = make_xanes_stack(phantom, truth, ENERGIES_EV, seed=5, snr=30)
    fitted = fit_stack(ArrayEnergyStack(stack, ENERGIES_EV), WhiteLine(), Normalisation())
    found, _ = mask_pixels(
        fitted.edge_energy_ev, fitted.quality, fitted.residual, fitted.dead, QualityLimits(), _ANYWHERE
    )
    figure = Figure(figsize=(13, 4.3), layout="constrained")
    panels = figure.subplots(1, 3)
    error = found - truth.energy_ev
    for axes, values, limits, colours, title in (
        (panels[0], truth.energy_ev, (8341.5, 8346.5), "viridis", "planted edge energy / eV"),
        (panels[1], found, (8341.5, 8346.5), "viridis", "white-line fit, edge jump / noise 30"),
        (panels[2], error, (-0.5, 0.5), "RdBu_r", "error / eV"),
    ):
        axes.set_facecolor("0.85")
        image = axes.imshow(values, cmap=colours, vmin=limits[0], vmax=limits[1], interpolation="nearest")
        axes.set(title=title, xticks=[], yticks=[])
        figure.colorbar(image, ax=axes, fraction=0.046, pad=0.02).ax.ticklabel_format(useOffset=False)
    figure.savefig(path, dpi=110)


def _methods(references: ReferenceSpectra, *, baseline: bool) -> tuple[Method, ...]:
    return WhiteLine(), GaussianWhiteLine(), HalfHeight(), LinearCombination(references, baseline=baseline)


def _compare(
    stack: ArrayEnergyStack, method: Method, normalisation: Normalisation | None, truth: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Return bias and spread in eV and the share of pixels kept. No quality limit: all noise is to be seen."""
    fitted = fit_stack(stack, method, normalisation)
    limits = QualityLimits(least_quality=0.0, most_residual=np.inf)
    found, counts = mask_pixels(
        fitted.edge_energy_ev, fitted.quality, fitted.residual, fitted.dead, limits, _ANYWHERE
    )
    low, middle, high = np.nanpercentile(found - truth, [16, 50, 84])
    return float(middle), float(high - low) / 2, counts.valid / counts.total


def _level(snr: float | None) -> str:
    return "no noise" if snr is None else f"{snr:g}"


def _as_markdown(table: pd.DataFrame) -> str:
    """One row per method; per noise level bias ± spread, and the share kept where it is not all."""
    levels = list(dict.fromkeys(table["edge jump / noise"]))
    lines = ["| method | " + " | ".join(levels) + " |", "| --- |" + " --- |" * len(levels)]
    for name, of_method in table.groupby("method", sort=False):
        cells = []
        for _, bias, spread, kept in of_method.drop(columns="method").itertuples(index=False):
            lost = "" if kept > 0.9995 else f" ({kept:.1%})"
            cells.append(f"{round(bias, 2) + 0.0:+.2f} ± {spread:.2f}{lost}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Print the tables and, where asked, draw the pictures."""
    parser = argparse.ArgumentParser(description="Errors of edge energies by method and noise.")
    parser.add_argument(
        "--references", type=Path, help="text file: energies in eV and two normalised spectra"
    )
    parser.add_argument("--pictures", type=Path, help="folder for xanes_accuracy.png and xanes_map.png")
    given = parser.parse_args(arguments)
    tables = {"phantom spectra": measure_phantom_spectra()}
    if given.references is not None:
        tables["mixtures of measured references"] = measure_mixtures(read_references(given.references))
    for title, table in tables.items():
        sys.stdout.write(f"{title}: bias ± spread in eV by edge jump over noise\n\n{_as_markdown(table)}\n\n")
    if given.pictures is not None:
        draw_accuracy(given.pictures / "xanes_accuracy.png", tables)
        draw_map(given.pictures / "xanes_map.png")


if __name__ == "__main__":
    main()

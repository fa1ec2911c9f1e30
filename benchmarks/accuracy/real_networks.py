"""Centralities and percolation of the real images, as the table of docs/real-data.md.

Run ``python -m cathograph.benchmarks.accuracy.real_networks FOLDER`` with the folder that holds the data
sets. Nothing is written; the table goes to standard output. Regions below 9 pixels are dropped, because
speckle has no place in a network.
"""

import sys
import time
from pathlib import Path

import pandas as pd

from cathograph.analysis.network.network_metrics import measure_network
from cathograph.benchmarks.accuracy.real_images import IMAGES, RealImage, analyse
from cathograph.ingest.rows import contact_rows, particle_rows

MINIMUM_SIZE_PX = 9
_SIDES = (("top", "bottom"), ("left", "right"))


def describe_network(folder: Path, image: RealImage) -> dict[str, str]:
    """Summarise the network of one image in numbers."""
    graph, _ = analyse(folder, image, MINIMUM_SIZE_PX)
    particles, contacts = particle_rows(graph), contact_rows(graph)
    began = time.perf_counter()
    metrics = measure_network(particles, contacts, graph.regions.labels.shape)
    seconds = time.perf_counter() - began
    nmc = metrics.loc[particles["phase"].to_numpy() == "NMC"]
    most = int(metrics["betweenness"].to_numpy().argmax())
    share = metrics["betweenness_normalised"].to_numpy()[most]
    row = {
        "image": Path(image.path).stem,
        "particles": str(len(metrics)),
        "isolated": str(int((metrics["degree"] == 0).sum())),
        "degree": f"{nmc['degree'].mean():.1f}",
        "clustering": f"{nmc['clustering'].mean():.2f}",
        "closeness": f"{nmc['closeness'].mean():.3f}",
        "betweenness": f"{nmc['betweenness_normalised'].median():.5f}",
        "most between": f"{particles['phase'].iloc[most]} {share:.2f}",
    }
    for one, other in _SIDES:
        ionic = nmc["ionic_sides"].map(lambda sides, side=one: side in sides)
        electronic = nmc["electronic_sides"].map(lambda sides, side=other: side in sides)
        joined = (ionic, electronic, ionic & electronic)
        row[f"ions from {one}"] = " / ".join(f"{100 * flags.mean():.0f}" for flags in joined)
    return {**row, "s": f"{seconds:.2f}"}


def table(folder: Path) -> pd.DataFrame:
    """One row for each image."""
    return pd.DataFrame([describe_network(folder, image) for image in IMAGES])


if __name__ == "__main__":
    found = table(Path(sys.argv[1]))
    lines = ["| " + " | ".join(found.columns) + " |", "|" + " --- |" * len(found.columns)]
    lines += ["| " + " | ".join(row) + " |" for row in found.itertuples(index=False)]
    sys.stdout.write("\n".join(lines) + "\n")

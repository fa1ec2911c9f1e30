"""All network metrics of a store of 100 images with 50,000 particles: what `cathograph metrics --again` does.

The work is not one large graph (`cathograph.benchmarks.speed.centrality`) but many small ones: reading, some
thirty numbers a particle on three graphs, percolation, writing. Ours is the whole of it, from the first
image read to the last note written. The rival is Graph Data Science, which must project each image first; it
computes the six centralities of the whole graph that it has, and stores nothing. Where both have a number
the two must agree.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from cathograph.benchmarks.gds_metrics import centralities_with_gds
from cathograph.benchmarks.measure import BenchRow, WrongAnswer, peak_mb, time_alternately
from cathograph.benchmarks.speed.many_images import N_IMAGES, fill_store
from cathograph.benchmarks.speed.temporary_store import temporary_store
from cathograph.ingest.metrics import refresh_metrics
from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run as run_query
from cathograph.queries.server.connection import Connection
from cathograph.queries.writing.metrics import metrics_states

RIVAL = "Graph Data Science, six metrics, not stored"


def run(progress: Callable[[str], None] | None = None, only: str | None = None) -> list[BenchRow]:
    """Run the comparison, unless `only` is neither part of its name nor of the rival's.

    Parameters
    ----------
    progress : callable, optional
        Gets one line of text before each step.
    only : str, optional
        Part of the name.

    Returns
    -------
    list of BenchRow
        One row. Memory is the peak of this process, the same for both.

    Raises
    ------
    WrongAnswer
        When the two disagree.
    """
    say = progress or (lambda line: None)
    with temporary_store() as (store, _):
        n_particles = fill_store(store, say)
        name = f"all network metrics stored, {N_IMAGES} images, {n_particles:,} particles"
        if only is not None and only not in name and only not in RIVAL:
            return []
        refresh_metrics(store, image="image 0")  # compiled, and the server's own warming up
        say(f"{name}: beside {RIVAL}")
        ours_s, rival_s, computed, theirs = time_alternately(
            lambda: refresh_metrics(store, again=True), lambda: _by_gds(store), budget_s=1.0
        )
        if len(computed) != N_IMAGES:
            msg = f"Found metrics of {len(computed)} images; expected {N_IMAGES}."
            raise WrongAnswer(msg)
        _check(_stored(store), theirs)
    return [
        BenchRow(
            name=name,
            ours_s=ours_s,
            rival=RIVAL,
            rival_s=rival_s,
            ratio=rival_s / ours_s,
            ours_peak_mb=peak_mb(),
            rival_peak_mb=peak_mb(),
        )
    ]


def _by_gds(store: Connection) -> pd.DataFrame:
    tables = [
        centralities_with_gds(store, state.segmentation).assign(sample=state.sample, image=state.image)
        for state in metrics_states(store)
    ]
    return pd.concat(tables).reset_index().sort_values(["sample", "image", "label"], ignore_index=True)


def _stored(store: Connection) -> pd.DataFrame:
    table = run_query(store, load("centralities"))
    return table.sort_values(["sample", "image", "label"], ignore_index=True)


def _check(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    for name in theirs.columns.difference(["sample", "image", "label"]):
        ours_of, theirs_of = ours[name].to_numpy(dtype=float), theirs[name].to_numpy(dtype=float)
        if ours_of.shape != theirs_of.shape or not np.allclose(ours_of, theirs_of, rtol=1e-6, atol=1e-6):
            msg = f"Found {name} of the rival different from ours."
            raise WrongAnswer(msg)

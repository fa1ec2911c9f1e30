"""The soak as a picture: memory of each kind of process, and processor time of an image, over images done."""

from pathlib import Path

import numpy as np
import pandas as pd

from cathograph.benchmarks.reliability.soak.processes import ROLES

_COLOURS = {"service": "#0072B2", "workers": "#D55E00", "server": "#555555"}
_WINDOWS = 25


def draw(looks: pd.DataFrame, path: Path, *, title: str) -> None:
    """Draw memory above, processor time below.

    Parameters
    ----------
    looks : DataFrame
        As `cathograph.benchmarks.reliability.soak.growth.growth_of` takes them.
    path : Path
        PNG to write.
    title : str
        Stands above.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 6), layout="constrained")
    memory, work = figure.subplots(2, 1, sharex=True)
    last = looks["images"].max()
    edges = np.linspace(0, last, _WINDOWS + 1)
    for role in ROLES:
        memory.plot(looks["images"], looks[f"{role}_rss_mb"], color=_COLOURS[role], lw=1.2, label=role)
        spent = np.interp(edges, looks["images"], looks[f"{role}_cpu_s"])
        work.step(
            edges, np.append(np.diff(spent) / np.diff(edges), np.nan), where="post", color=_COLOURS[role],
            lw=1.2, label=role,
        )  # fmt: skip
    top_mb = max(looks[f"{role}_rss_mb"].max() for role in ROLES)
    memory.set(ylabel="resident memory (MB)", ylim=(0, 1.25 * top_mb), title=title)
    work.set(
        ylabel="processor time per image (s)", xlabel="images in the store", ylim=(0, None), xlim=(0, last)
    )
    for axes in (memory, work):
        axes.axvline(last / 2, color="0.8", lw=0.8, zorder=0)
        axes.spines[["top", "right"]].set_visible(False)
    memory.legend(frameon=False, ncols=3, loc="upper left")
    figure.savefig(path, dpi=110)

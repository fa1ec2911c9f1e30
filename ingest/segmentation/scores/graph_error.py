"""Graph error: how far wrong pixels change the numbers of the graph.

The true mask and the prediction go through the same steps (regions, contacts, TPBs, channels), and the results are
compared. A speckle of a few pixels hardly changes an IoU, but here it is a particle with contacts.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wasserstein_distance

from cathograph.ingest.graph.particle_graph import ParticleGraph, build_graph
from cathograph.ingest.regions.labelling import label_phases
from cathograph.ingest.regions.regions import Regions
from cathograph.schema.composites import Role


@dataclass(frozen=True, eq=False)
class GraphNumbers:
    """What is read off one graph.

    Attributes
    ----------
    nmc : int
        NMC particles.
    tpbs, physical_tpbs : int
        Triangles of contact, and those with a point where the three phases meet.
    channel_share : float or None
        Share of NMC with a concurrent channel; None without NMC.
    degrees : int array, (nmc,)
        Contacts of each NMC.
    """

    nmc: int
    tpbs: int
    physical_tpbs: int
    channel_share: float | None
    degrees: NDArray[np.int64]

    @classmethod
    def of(cls, graph: ParticleGraph) -> "GraphNumbers":
        """Take the numbers from a graph."""
        nmc = graph.regions.region_labels[graph.regions.positions_with(Role.ACTIVE)]
        ends = np.concatenate((graph.contacts.a, graph.contacts.b))
        names, counts = np.unique(ends, return_counts=True)
        degrees = np.zeros(nmc.size, dtype=np.int64)
        present = np.isin(nmc, names)
        degrees[present] = counts[np.searchsorted(names, nmc[present])]
        flags = graph.flags.has_concurrent_channel
        share = float(flags.mean()) if flags.size else None
        return cls(nmc.size, len(graph.tpbs.nmc), int(graph.tpbs.is_physical.sum()), share, degrees)

    def as_record(self) -> dict[str, Any]:
        """Write it as JSON can hold it: the degrees as their mean."""
        degree = float(self.degrees.mean()) if self.degrees.size else None
        return {
            "nmc": self.nmc,
            "tpbs": self.tpbs,
            "physical_tpbs": self.physical_tpbs,
            "channel_share": self.channel_share,
            "mean_degree": degree,
        }


@dataclass(frozen=True, eq=False)
class GraphError:
    """The graph of the true mask beside that of the prediction.

    Attributes
    ----------
    truth, found : GraphNumbers
        Their numbers.
    degree_distance : float or None
        Wasserstein distance of the two distributions of NMC degrees, in contacts; None without NMC in both.
    """

    truth: GraphNumbers
    found: GraphNumbers
    degree_distance: float | None

    def as_record(self) -> dict[str, Any]:
        """Write it as JSON can hold it."""
        return {
            "truth": self.truth.as_record(),
            "found": self.found.as_record(),
            "degree_distance": self.degree_distance,
        }


def compare_graphs(truth: Regions, found: Regions) -> GraphError:
    """Compare the graphs of two label images.

    Parameters
    ----------
    truth, found : Regions
        From `regions_of`, or known particles.
    """
    # Counts and shares do not depend on the pixel size.
    numbers = [GraphNumbers.of(build_graph(image, pixel_size_um=1.0)) for image in (truth, found)]
    both = all(each.degrees.size for each in numbers)
    distance = wasserstein_distance(numbers[0].degrees, numbers[1].degrees) if both else None
    return GraphError(numbers[0], numbers[1], None if distance is None else float(distance))


def regions_of(phases: NDArray[np.uint8], *, min_size_px: int) -> Regions:
    """Find the regions of a phase image as `cathograph ingest` does.

    Parameters
    ----------
    phases : uint8 array, (y, x)
        `Phase.code` of each pixel.
    min_size_px : int
        Smaller regions are dropped, in truth and prediction alike.
    """
    return label_phases(phases, min_size_px=min_size_px)

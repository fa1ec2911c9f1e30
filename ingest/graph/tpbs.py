"""Triple phase boundaries: triangles NMC–SSE–graphite of the contact graph.

Following the paper, a TPB is a triangle of one region of each phase, all three pairs in contact. Whether
its three contacts lie in one place is a separate question; the junctions stored beside it answer it.

Strategy. Per NMC, its graphite neighbours are marked; each of its SSE neighbours is then compared with the
marks by walking whichever list is shorter. So the list of a hub (one SSE body that
touches everything) is not walked once for every particle that touches it.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cathograph.ingest.graph.junctions import Junctions
from cathograph.ingest.graph.neighbours import PhaseNeighbours
from cathograph.schema.errors import InputError


@dataclass(frozen=True)
class Tpbs:
    """One row per triangle NMC–SSE–graphite, sorted by (nmc, sse, graphite).

    Attributes
    ----------
    nmc, sse, graphite : ndarray of int64, shape (n,)
        Labels.
    perimeter_um : ndarray of float64, shape (n,)
        TPB size: perimeter of the triangle of the three centroids.
    interface_ratio : ndarray of float64, shape (n,)
        weight_px(NMC–SSE) / weight_px(NMC–graphite).
    weight_sum_px : ndarray of float64, shape (n,)
        Sum of the three weight_px.
    junctions : ndarray of int64, shape (n,)
        Junctions of the three regions.
    is_physical : ndarray of bool, shape (n,)
        True where the three regions meet (`junctions` > 0).
    junction_length_um : ndarray of float64, shape (n,)
        Length of all its triple lines (3D; 0 without a junction); NaN in 2D.
    junction_offsets : ndarray of int64, shape (n + 1,)
        Row i owns ``junction_positions_px[junction_offsets[i]:junction_offsets[i + 1]]``.
    junction_positions_px : ndarray of float64, shape (n_junctions, 2 or 3)
        Centres of the junctions, axes as the image.
    """

    nmc: NDArray[np.int64]
    sse: NDArray[np.int64]
    graphite: NDArray[np.int64]
    perimeter_um: NDArray[np.float64]
    interface_ratio: NDArray[np.float64]
    weight_sum_px: NDArray[np.float64]
    junctions: NDArray[np.int64]
    is_physical: NDArray[np.bool_]
    junction_length_um: NDArray[np.float64]
    junction_offsets: NDArray[np.int64]
    junction_positions_px: NDArray[np.float64]


def find_tpbs(
    neighbours: PhaseNeighbours,
    centroids_px: NDArray[np.float64],
    junctions: Junctions,
    pixel_size_um: float,
) -> Tpbs:
    """Find every TPB of an image.

    Parameters
    ----------
    neighbours : PhaseNeighbours
        Who touches whom in the image.
    centroids_px : ndarray of float64, shape (n, 2) or (n, 3)
        Centroids in pixels, axes as the image, in the order of ``neighbours.regions.region_labels``.
    junctions : Junctions
        Junctions of the same image at the same radius.
    pixel_size_um : float
        Edge of a pixel (voxel) in µm.

    Returns
    -------
    Tpbs

    Raises
    ------
    InputError
        When contacts and junctions were found at different radii or on different images, when the centroids
        do not fit the regions, or when the pixel size is not a positive number.

    Notes
    -----
    Paper: triangles of the particle graph, "TPB size" and "interface ratio" (Fig. 4). The paper does not say
    how the size was measured; the perimeter of the centroid triangle is our reading, and the sum of the three
    contact weights stands beside it. Junctions are ours.
    """
    _check_inputs(neighbours, centroids_px, junctions, pixel_size_um)
    first, second, third = neighbours.regions.composite.tpb
    members = [neighbours.regions.positions_with(role) for role in (first, second, third)]
    ns, ng, sg = (neighbours.between(*pair) for pair in ((first, second), (first, third), (second, third)))

    def list_into(rows: NDArray[np.int64]) -> int:
        return _list_triangles(
            ns.indptr.astype(np.int64),
            ns.indices.astype(np.int32),
            ng.indptr.astype(np.int64),
            ng.indices.astype(np.int32),
            sg.indptr.astype(np.int64),
            sg.indices.astype(np.int32),
            members[2].size,
            rows,
        )

    n_triangles = list_into(np.empty((0, 6), dtype=np.int64))
    triangles = np.empty((n_triangles, 6), dtype=np.int64)
    list_into(triangles)
    corners = [numbers[triangles[:, k]] for k, numbers in enumerate(members)]
    w_ns, w_ng, w_sg = (matrix.data[triangles[:, 3 + k]] for k, matrix in enumerate((ns, ng, sg)))
    perimeter_px = np.zeros(n_triangles)
    for p, q in ((0, 1), (1, 2), (2, 0)):
        perimeter_px += np.linalg.norm(centroids_px[corners[p]] - centroids_px[corners[q]], axis=1)
    nmc, sse, graphite = (neighbours.regions.region_labels[corner] for corner in corners)
    owner = _rows_of_triples(nmc, sse, graphite, junctions)
    count = np.zeros(n_triangles, dtype=np.int64)
    count[owner] = junctions.count
    in_2d = centroids_px.shape[1] == 2
    # In 2D the lengths are NaN throughout and never summed.
    length = np.full(n_triangles, np.nan if in_2d else 0.0)
    if not in_2d and owner.size:
        length[owner] = np.add.reduceat(junctions.length_px, junctions.offsets[:-1]) * pixel_size_um
    return Tpbs(
        nmc=nmc,
        sse=sse,
        graphite=graphite,
        perimeter_um=perimeter_px * pixel_size_um,
        interface_ratio=w_ns / w_ng,
        weight_sum_px=w_ns + w_ng + w_sg,
        junctions=count,
        is_physical=count > 0,
        junction_length_um=length,
        # Both tables are sorted by the triple, so the junctions already lie in the order of the TPBs.
        junction_offsets=np.concatenate(([0], np.cumsum(count))).astype(np.int64),
        junction_positions_px=junctions.positions_px,
    )


def _check_inputs(
    neighbours: PhaseNeighbours,
    centroids_px: NDArray[np.float64],
    junctions: Junctions,
    pixel_size_um: float,
) -> None:
    if neighbours.radius_px != junctions.radius_px:
        msg = (
            f"Found contacts at radius {neighbours.radius_px} px and junctions at {junctions.radius_px} px; "
            "expected one radius for both. Find both again with the same radius_px."
        )
        raise InputError(msg)
    if (
        centroids_px.ndim != 2
        or centroids_px.shape[0] != len(neighbours.regions)
        or centroids_px.shape[1] != junctions.positions_px.shape[1]
    ):
        msg = (
            f"Found centroids of shape {centroids_px.shape}; expected one row for each of the "
            f"{len(neighbours.regions)} regions and one for each of the {junctions.positions_px.shape[1]} axes of "
            "the image. Measure regions and junctions on the same label image."
        )
        raise InputError(msg)
    if not (np.isfinite(pixel_size_um) and pixel_size_um > 0):
        msg = f"Found pixel size {pixel_size_um} µm; expected a positive number. Give pixel_size_um."
        raise InputError(msg)


def _rows_of_triples(
    nmc: NDArray[np.int64], sse: NDArray[np.int64], graphite: NDArray[np.int64], junctions: Junctions
) -> NDArray[np.int64]:
    """TPB row of each junction triple. Both tables are sorted by (nmc, sse, graphite)."""
    rows = np.lexsort(
        (
            np.repeat([0, 1], [nmc.size, junctions.nmc.size]),
            np.concatenate((graphite, junctions.graphite)),
            np.concatenate((sse, junctions.sse)),
            np.concatenate((nmc, junctions.nmc)),
        )
    )
    # In the joint order a junction triple stands right behind its TPB.
    at = np.flatnonzero(rows >= nmc.size)
    owner = rows[at - 1] if nmc.size else np.full(at.size, -1)
    triple = rows[at] - nmc.size
    fits = (at > 0) & (owner >= 0) & (owner < nmc.size)
    fits[fits] = (
        (nmc[owner[fits]] == junctions.nmc[triple[fits]])
        & (sse[owner[fits]] == junctions.sse[triple[fits]])
        & (graphite[owner[fits]] == junctions.graphite[triple[fits]])
    )
    if not bool(np.all(fits)):
        k = int(triple[~fits][0])
        msg = (
            f"Found a junction of NMC {junctions.nmc[k]}, SSE {junctions.sse[k]} and graphite "
            f"{junctions.graphite[k]} that are not all in contact; expected every junction to be a triangle "
            "of contacts. Find contacts and junctions on the same label image."
        )
        raise InputError(msg)
    return owner.astype(np.int64)


@njit(cache=True)
def _list_triangles(
    ns_start: NDArray[np.int64],
    ns_sse: NDArray[np.int32],
    ng_start: NDArray[np.int64],
    ng_graphite: NDArray[np.int32],
    sg_start: NDArray[np.int64],
    sg_graphite: NDArray[np.int32],
    n_graphite: int,
    triangles: NDArray[np.int64],
) -> int:
    """Count the triangles and, where `triangles` has room, list them.

    Columns: NMC, SSE, graphite, and the places of NMC–SSE, NMC–graphite, SSE–graphite in their matrices.
    """
    place = np.full(n_graphite, -1, dtype=np.int64)
    n = 0
    fill = triangles.shape[0] > 0
    for nmc in range(ns_start.size - 1):
        ng_0, ng_1 = ng_start[nmc], ng_start[nmc + 1]
        for k in range(ng_0, ng_1):
            place[ng_graphite[k]] = k
        for i in range(ns_start[nmc], ns_start[nmc + 1]):
            sse = ns_sse[i]
            sg_0, sg_1 = sg_start[sse], sg_start[sse + 1]
            walk_sse = sg_1 - sg_0 <= ng_1 - ng_0
            first, last = (sg_0, sg_1) if walk_sse else (ng_0, ng_1)
            for k in range(first, last):
                graphite = sg_graphite[k] if walk_sse else ng_graphite[k]
                ng, sg = place[graphite], np.int64(k)
                if not walk_sse:
                    sg = sg_0 + np.searchsorted(sg_graphite[sg_0:sg_1], graphite)
                    if sg == sg_1 or sg_graphite[sg] != graphite:
                        continue
                if ng < 0:
                    continue
                if fill:
                    triangles[n, 0], triangles[n, 1], triangles[n, 2] = nmc, sse, graphite
                    triangles[n, 3], triangles[n, 4], triangles[n, 5] = i, ng, sg
                n += 1
        for k in range(ng_0, ng_1):
            place[ng_graphite[k]] = -1
    return n

"""Fitting a whole stack: blocks of rows, read in turn and fitted on several threads.

A block holds all energies of some rows and is cut into tiles of a few thousand pixels, so that the
spectra of a tile, one after the other in memory, stay in a core's cache from normalisation to
fit. Each pixel is fitted alone, so the result depends neither on blocks nor on threads. Only one
thread reads at a time, because files allow no more; memory is one block per thread and the maps.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.stacks.energy_stack import EnergyStack
from cathograph.ingest.xanes.bad_values import (
    BadValuePlan,
    plan_bad_values,
    screen_spectra,
)
from cathograph.ingest.xanes.mending import mend_spectra
from cathograph.ingest.xanes.methods import Method, Plan
from cathograph.ingest.xanes.normalisation import (
    Normalisation,
    NormalisationPlan,
    normalise_spectra,
    plan_normalisation,
)
from cathograph.ingest.xanes.quality import BEST_QUALITY
from cathograph.ingest.xanes.standard_errors import SUMS, standard_errors
from cathograph.schema.errors import InputError

BLOCK_BYTES = 16 << 20
_TILE_PIXELS = 512
_SMALLEST = 1e-12
_MOST_LISTED = 10


@dataclass(frozen=True)
class FittedMaps:
    """What a fit gives for each pixel, shape (height, width); nothing is masked yet.

    Attributes
    ----------
    edge_energy_ev : ndarray of float64
        NaN where the method found none.
    quality : ndarray of float32
        Edge jump over its own standard error, at most 10⁶.
    residual : ndarray of float32
        Standard deviation about the method's fit, in edge jumps.
    edge_jump : ndarray of float32
        In absorbance. Without normalisation: mean over the last quarter of the energies minus
        mean over the first.
    dead : ndarray of bool
        Pixels with more bad values than can be bridged (`cathograph.ingest.xanes.bad_values`).
    left_out : ndarray of uint16
        Bad values of each pixel that were left out and bridged; 0 for dead ones.
    standard_error_ev : ndarray of float32
        Standard error of the edge energy from the noise of the spectrum; NaN where it is not known.
    """

    edge_energy_ev: NDArray[np.float64]
    quality: NDArray[np.float32]
    residual: NDArray[np.float32]
    edge_jump: NDArray[np.float32]
    dead: NDArray[np.bool_]
    left_out: NDArray[np.uint16]
    standard_error_ev: NDArray[np.float32]


def fit_stack(
    stack: EnergyStack,
    method: Method,
    normalisation: Normalisation | None,
    *,
    threads: int | None = None,
    block_bytes: int = BLOCK_BYTES,
    progress: Callable[[int, int], None] | None = None,
) -> FittedMaps:
    """Find the edge energy of every pixel of a stack.

    Parameters
    ----------
    stack : EnergyStack
        Absorbance.
    method : Method
        How edge energies are found.
    normalisation : Normalisation or None
        Pre- and post-edge fits; None to take the stack's values as they are.
    threads : int, optional
        Threads to use; all cores that this process may use when not given.
    block_bytes : int
        Rows are read in blocks of about this size, at least one row.
    progress : callable, optional
        Gets (rows done, all rows), from any of the threads.

    Returns
    -------
    FittedMaps
        Edge energy, quality and what else is known of each pixel.

    Raises
    ------
    InputError
        Energies that do not suit method or normalisation, frames without any value, or a number
        of threads below 1.

    Examples
    --------
    >>> from cathograph.ingest.stacks.energy_stack import ArrayEnergyStack
    >>> from cathograph.ingest.xanes.white_line import WhiteLine
    >>> energies = np.arange(8330.0, 8360.0)
    >>> bell = np.exp(-0.5 * ((energies - 8344.25) / 3) ** 2).reshape(-1, 1, 1)
    >>> fitted = fit_stack(ArrayEnergyStack(bell, energies), WhiteLine(), None)
    >>> fitted.edge_energy_ev.round(1).tolist()
    [[8344.2]]
    """
    if threads is not None and threads < 1:
        msg = f"Found {threads} threads; expected at least 1."
        raise InputError(msg)
    n, height, width = stack.shape
    energies = stack.energies_ev
    lines = None if normalisation is None else plan_normalisation(normalisation, energies)
    plan = method.plan(energies)
    rows = max(1, min(block_bytes // (4 * n * width), height))
    if threads is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        threads = min(cores, -(-height // rows))
    bad_values = plan_bad_values(stack)
    work = _Work(stack, lines, plan, bad_values, rows, progress, residual_is_noise=method.residual_is_noise)
    if threads == 1:
        work.run()
    else:
        with ThreadPoolExecutor(threads) as pool:
            for future in [pool.submit(work.run) for _ in range(threads)]:
                future.result()
    _require_frames(work.values_per_frame, energies)
    return work.maps


class _Work:
    """What the threads share: the stack, which they read in turn, and the maps, where each fills its rows."""

    def __init__(
        self,
        stack: EnergyStack,
        lines: NormalisationPlan | None,
        plan: Plan,
        bad_values: BadValuePlan,
        rows: int,
        progress: Callable[[int, int], None] | None,
        *,
        residual_is_noise: bool,
    ) -> None:
        n, height, width = stack.shape
        self.stack = stack
        self.lines = lines
        self.plan = plan
        self.bad_values = bad_values
        self.progress = progress
        self.residual_is_noise = residual_is_noise
        self.turn = threading.Lock()
        self.blocks: Iterator[tuple[int, int]] = iter(
            [(y, min(y + rows, height)) for y in range(0, height, rows)]
        )
        self.rows_done = 0
        self.values_per_frame = np.zeros(n, dtype=np.int64)
        quality, residual, jump, standard_error = np.full((4, height, width), np.nan, dtype=np.float32)
        self.maps = FittedMaps(
            edge_energy_ev=np.full((height, width), np.nan),
            quality=quality,
            residual=residual,
            edge_jump=jump,
            dead=np.zeros((height, width), dtype=np.bool_),
            left_out=np.zeros((height, width), dtype=np.uint16),
            standard_error_ev=standard_error,
        )

    def run(self) -> None:
        """Take blocks until none is left."""
        while True:
            with self.turn:
                block = next(self.blocks, None)
                if block is None:
                    return
                absorbance = self.stack.read_rows(*block)
            values_per_frame = np.zeros(len(absorbance), dtype=np.int64)
            self._fit_rows(absorbance, *block, values_per_frame)
            with self.turn:
                self.values_per_frame += values_per_frame
                self.rows_done += block[1] - block[0]
                if self.progress:
                    self.progress(self.rows_done, self.stack.shape[1])

    def _fit_rows(
        self, absorbance: NDArray[np.float32], y_first: int, y_end: int, values_per_frame: NDArray[np.int64]
    ) -> None:
        """Fit rows tile by tile into the maps, and count the values that each frame has in them."""
        flat = np.ascontiguousarray(absorbance).reshape(len(absorbance), -1)
        maps = self.maps
        energy = maps.edge_energy_ev[y_first:y_end].reshape(-1)
        quality, residual, jump, error = (
            whole[y_first:y_end].reshape(-1)
            for whole in (maps.quality, maps.residual, maps.edge_jump, maps.standard_error_ev)
        )
        dead = maps.dead[y_first:y_end].reshape(-1)
        left_out = maps.left_out[y_first:y_end].reshape(-1)
        how = self.bad_values
        for first in range(0, flat.shape[1], _TILE_PIXELS):
            tile = slice(first, min(first + _TILE_PIXELS, flat.shape[1]))
            spectra = np.empty((tile.stop - first, len(flat)))
            gather_spectra(flat, first, spectra, values_per_frame)
            suspect = np.empty(len(spectra), dtype=np.bool_)
            screen_spectra(flat, first, how.nodes, how.weights, how.norms, how.structure, suspect)
            if suspect.any():
                mend_spectra(
                    spectra, suspect, how.energies_ev, how.structure, how.most, dead[tile], left_out[tile]
                )
            energy[tile], quality[tile], residual[tile], jump[tile], error[tile] = self._fit_tile(spectra)

    def _fit_tile(self, spectra: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        sensitivity = np.full((len(spectra), SUMS), np.nan)
        if self.lines is None:
            quarter = max(spectra.shape[1] // 4, 1)
            jump = spectra[:, -quarter:].mean(axis=1) - spectra[:, :quarter].mean(axis=1)
            energy, noise = self.plan.fit(spectra, sensitivity)
            residual = _ratio(noise, jump)
            of_fit = before_edge = noise
            jump_error = np.sqrt(2 / quarter)
        else:
            jump, noise = normalise_spectra(spectra, self.lines)
            energy, residual = self.plan.fit(spectra, sensitivity)
            jump_error = self.lines.jump_error
            before_edge = _ratio(noise, jump)
            of_fit = residual if self.residual_is_noise else before_edge
        quality = np.minimum(_ratio(jump, noise * jump_error), BEST_QUALITY)
        error = standard_errors(sensitivity, energy, of_fit, self.lines, before_edge)
        return energy, quality, residual, jump, error


@numba.njit(nogil=True, cache=True)
def gather_spectra(
    flat: NDArray[np.float32],
    first: int,
    spectra: NDArray[np.float64],
    values_per_frame: NDArray[np.int64],
) -> None:
    """Turn pixels first … of (n, pixels) into spectra (pixels, n), and count the values of each frame."""
    n_pixels, n = spectra.shape
    for frame in range(n):
        values = 0
        for pixel in range(n_pixels):
            value = flat[frame, first + pixel]
            spectra[pixel, frame] = value
            if np.isfinite(value):
                values += 1
        values_per_frame[frame] += values


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; what is below 0 counts as 0, and 0 as a very small number."""
    return np.asarray(np.maximum(above, 0) / np.maximum(below, _SMALLEST))


def _require_frames(values_per_frame: NDArray[np.int64], energies_ev: NDArray[np.float64]) -> None:
    """Refuse a stack of which some frames hold no value at all."""
    empty = np.flatnonzero(values_per_frame == 0)
    if empty.size == 0:
        return
    listed = ", ".join(f"{place} ({energies_ev[place]:g} eV)" for place in empty[:_MOST_LISTED])
    more = f" and {empty.size - _MOST_LISTED} more" if empty.size > _MOST_LISTED else ""
    msg = (
        f"Found frames without any value (all NaN): {listed}{more}, counted from 0; expected absorbance. Remove "
        "these frames and their energies from the stack."
    )
    raise InputError(msg)

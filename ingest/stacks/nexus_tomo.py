"""NeXus NXtomo with an energy for each frame: one file of sample, flat, dark and invalid frames.

``image_key`` says which is which (0 sample, 1 flat, 2 dark, 3 invalid). The definition has one
energy a scan; a XANES scan gives one a frame, and then each sample frame is divided by the flats
of its own energy. The camera's ``x_pixel_size`` is not the pixel on the sample unless the file
states a magnification, so alone it is reported and not used.
"""

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats.hdf5_links import opened_hdf5
from cathograph.ingest.options import Signal
from cathograph.ingest.stacks.draft import Draft
from cathograph.ingest.stacks.energies import StatedEnergies
from cathograph.ingest.stacks.frames import open_hdf5_frames
from cathograph.ingest.stacks.hdf5_layout import first_there, read_values
from cathograph.ingest.stacks.metadata import as_text, length_um
from cathograph.ingest.stacks.nexus import energies_at, entries, group_of, metadata_of, one_entry
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

SAMPLE, FLAT, DARK = 0, 1, 2
# Energies of a flat and of its sample frame are set values of one motor; eV and keV alike.
SAME_ENERGY = 1e-6


def is_nexus_tomo(file: h5py.File) -> bool:
    """Tell whether a file has an entry of this definition."""
    return bool(entries(file, "NXtomo"))


def open_nexus_tomo(path: Path, *, largest_ratio: float) -> Draft:
    """Open the NXtomo entry of a file.

    Raises
    ------
    InputImageError
        When it does not follow its definition, or a sample frame has no flat of its energy.
    """
    with opened_hdf5(path) as file:
        entry = one_entry(path, file, "NXtomo")
        instrument = group_of(entry, "NXinstrument", "instrument")
        detector = None if instrument is None else group_of(instrument, "NXdetector", "detector")
        if instrument is None or detector is None:
            msg = (
                f"{shown(path)}: found no detector in {entry.name}; expected one, as NXtomo defines. "
                "Correct the file."
            )
            raise InputImageError(msg)
        key = _image_key(path, file, detector)
        frames = open_hdf5_frames(path, f"{detector.name}/data", largest_ratio=largest_ratio)
        if key.size != frames.shape[0]:
            msg = (
                f"{shown(path)}: found {key.size} image keys for {frames.shape[0]} frames; expected one "
                "each. Correct the file."
            )
            raise InputImageError(msg)
        places = {kind: np.flatnonzero(key == kind) for kind in (SAMPLE, FLAT, DARK)}
        if places[SAMPLE].size == 0:
            msg = f"{shown(path)}: found no sample frame (image_key 0); expected some. Name another entry."
            raise InputImageError(msg)
        stated = energies_at(path, file, _energy_places(entry, instrument))
        energies, why, groups = _by_energy(path, stated, places, key.size)
        size_um, notes = _pixel_size(path, file, entry, detector)
        if first_there(path, file, [f"{entry.name}/control/data"]) is not None:
            notes.append("monitor counts (control/data) are there and not applied")
        dark_group = (tuple(int(place) for place in places[DARK]),) if places[DARK].size else None
        return Draft(
            path=path,
            frames=frames,
            places=tuple(int(place) for place in places[SAMPLE]),
            metadata=metadata_of(path, file, entry, "NXtomo", size_um, notes),
            energies=energies,
            why_no_energies=why,
            signal=Signal.COUNTS,
            flats=frames if groups is not None else None,
            flat_groups=groups,
            darks=frames if dark_group is not None else None,
            dark_groups=dark_group,
        )


def _image_key(path: Path, file: h5py.File, detector: h5py.Group) -> NDArray[np.int64]:
    values = np.asarray(read_values(path, file, f"{detector.name}/image_key")[0])
    if values.dtype.kind not in "iu":
        msg = f"{shown(path)}: found no whole numbers in image_key; expected 0 to 3. Correct the file."
        raise InputImageError(msg)
    return values.reshape(-1).astype(np.int64)


def _energy_places(entry: h5py.Group, instrument: h5py.Group) -> list[str]:
    monochromator = group_of(instrument, "NXmonochromator", "monochromator")
    beam = group_of(instrument, "NXbeam", "beam") or group_of(entry, "NXbeam", "beam")
    found = [] if monochromator is None else [f"{monochromator.name}/energy"]
    return found + ([] if beam is None else [f"{beam.name}/incident_energy"])


def _by_energy(
    path: Path, stated: StatedEnergies | None, places: dict[int, NDArray[np.intp]], n_frames: int
) -> tuple[StatedEnergies | None, str, tuple[tuple[int, ...], ...] | None]:
    """Return the energies of the sample frames and the flats of each."""
    samples, flats = places[SAMPLE], places[FLAT]
    if stated is None or stated.values.size not in (samples.size, n_frames):
        found = "no energy" if stated is None else f"{stated.values.size} energies"
        why = f"the entry has {found} for {samples.size} sample frames"
        groups = tuple((int(place),) for place in flats) if flats.size in (1, samples.size) else None
        return None, why, groups
    if stated.values.size == samples.size and n_frames != samples.size:
        groups = tuple((int(place),) for place in flats) if flats.size in (1, samples.size) else None
        return stated, "", groups
    of_samples = StatedEnergies(stated.values[samples], stated.unit, stated.source)
    if flats.size == 0:
        return of_samples, "", None
    same = np.isclose(
        stated.values[samples][:, None], stated.values[flats][None, :], rtol=SAME_ENERGY, atol=0.0
    )
    lonely = np.flatnonzero(~same.any(axis=1))
    if lonely.size:
        energy = stated.values[samples[lonely[0]]]
        msg = (
            f"{shown(path)}: found no flat at the energy of {lonely.size} sample frame(s), first "
            f"{energy:g} {stated.unit or ''}; expected flats at every energy. Give them in a layout."
        )
        raise InputImageError(msg)
    return of_samples, "", tuple(tuple(int(place) for place in flats[row]) for row in same)


def _pixel_size(
    path: Path, file: h5py.File, entry: h5py.Group, detector: h5py.Group
) -> tuple[float | None, list[str]]:
    sample = group_of(entry, "NXsample", "sample")
    on_sample = None if sample is None else first_there(path, file, [f"{sample.name}/x_pixel_size"])
    if on_sample is not None:
        value, unit = read_values(path, file, on_sample)
        size, note = length_um(path, value, unit, on_sample)
        return size, [] if note is None else [note]
    on_camera = first_there(path, file, [f"{detector.name}/x_pixel_size"])
    if on_camera is None:
        return None, []
    value, unit = read_values(path, file, on_camera)
    size, note = length_um(path, value, unit, on_camera)
    if size is None:
        return None, [] if note is None else [note]
    magnification = first_there(path, file, [f"{detector.name}/magnification"])
    factor = None if magnification is None else as_text(read_values(path, file, magnification)[0])
    try:
        times = float(factor or "nan")
    except ValueError:
        times = float("nan")
    if not times > 0:
        return None, [
            f"camera pixel {size:g} µm without a magnification, so the pixel on the sample is unknown"
        ]
    return size / times, []

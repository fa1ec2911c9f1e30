"""What the module of a family of measures is given, and what it returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.ingest.regions.regions import Regions


@dataclass(frozen=True, eq=False)
class EnergyOverImage:
    """The active energy map of an image, laid over its pixels.

    Attributes
    ----------
    energy_ev : ndarray of float, shape (y, x) or (z, y, x) of the image
        Edge energies in eV; NaN where there is none.
    window_ev : tuple of float
        Energies that count, both ends included.
    resolution_um : float
        Full width at half maximum of the map's blur.
    rim_um : float
        Pixels less deep below the surface of their particle are left out.
    measurement : str
        Key of the measurement.
    """

    energy_ev: NDArray[np.floating]
    window_ev: tuple[float, float]
    resolution_um: float
    rim_um: float
    measurement: str


@dataclass(frozen=True, eq=False)
class StoredImage:
    """A stored image whose regions were made again.

    Attributes
    ----------
    regions : Regions
        Label image, phases and composite.
    pixel_size_um : float
        Edge of a pixel.
    radius_px : int
        Chebyshev radius of its contacts.
    energy : EnergyOverImage or None
        Its energy map, for the families that need one; None where it has none, or the file is gone.
    """

    regions: Regions
    pixel_size_um: float
    radius_px: int = 3
    energy: EnergyOverImage | None = None


@dataclass(frozen=True, eq=False)
class Measured:
    """The values of one family for one image.

    Attributes
    ----------
    particles : DataFrame
        ``label`` of each active particle, and a column for each measure of particles.
    contacts : DataFrame
        ``a``, ``b`` and a column for each measure of contacts; contacts that are left out have 0.
    image : Mapping
        Measures of the image.
    """

    particles: pd.DataFrame
    contacts: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"a": [], "b": []}, dtype="int64"))
    image: Mapping[str, object] = field(default_factory=dict)

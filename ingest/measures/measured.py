"""What the module of a family of measures is given, and what it returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from cathograph.ingest.regions.regions import Regions


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
    """

    regions: Regions
    pixel_size_um: float
    radius_px: int = 3


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

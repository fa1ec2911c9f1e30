"""The interface of a method that finds edge energies, and the list of methods."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Plan(Protocol):
    """A method prepared for the energies of a stack."""

    def fit(
        self, spectra: NDArray[np.float64], sensitivity: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return edge energy in eV and residual of each spectrum (pixels, n), NaN where there is none.

        Where `sensitivity` (pixels, 4) is given, it is filled with how each energy answers to its spectrum
        (`cathograph.ingest.xanes.standard_errors`), and stays as it is where that is not known.
        """
        ...


class Method(Protocol):
    """A method and its parameters: a frozen dataclass."""

    @property
    def name(self) -> str:
        """Name on the command line and in every result."""
        ...

    @property
    def needs_normalised(self) -> bool:
        """Whether absorbance that is not normalised gives wrong answers rather than worse ones."""
        ...

    @property
    def residual_is_noise(self) -> bool:
        """Whether the method's curve follows an edge so closely that its residual is the noise."""
        ...

    def plan(self, energies_ev: NDArray[np.float64]) -> Plan:
        """Prepare for the energies of a stack."""
        ...

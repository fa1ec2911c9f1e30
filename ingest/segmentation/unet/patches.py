"""Training patches: any number, each drawn from its own seed.

Patch i of round r comes from (seed, r, i) alone, so a run that was interrupted and resumed sees what one run
sees. Half of the patches are centred on a class drawn evenly, which lifts rare classes.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from cathograph.ingest.segmentation.grey_scale import find_grey_scale
from cathograph.ingest.segmentation.unet.augmentation import change_light, sample_patch
from cathograph.ingest.segmentation.unet.pairs import Pair
from cathograph.schema.composites import Phase

CENTRED_SHARE = 0.5
TRIES = 50


class Field:
    """A pair as the network sees it: normalised grey values and a class index for each pixel.

    Attributes
    ----------
    grey : Tensor of float32, (y, x)
    classes : Tensor of uint8, (y, x)
    """

    def __init__(self, pair: Pair, phases: Sequence[Phase]) -> None:
        index_of = np.zeros(256, dtype=np.uint8)
        index_of[[phase.code for phase in phases]] = np.arange(len(phases))
        self.grey = torch.from_numpy(find_grey_scale(pair.grey).apply(pair.grey))
        self.classes = torch.from_numpy(index_of[pair.phases])


class Patches(Dataset[tuple[Tensor, Tensor]]):
    """Patches of one round.

    Parameters
    ----------
    fields : sequence of Field
        What to cut from; larger images give more patches.
    n_classes : int
        Number of classes.
    side_px, n_patches : int
        Side of a patch, and how many there are.
    seed, round_number : int
        What they are drawn from.
    geometry, light
        As in `sample_patch` and `change_light`.
    """

    def __init__(
        self,
        fields: Sequence[Field],
        n_classes: int,
        *,
        side_px: int,
        n_patches: int,
        seed: int,
        round_number: int,
        geometry: str = "free",
        light: float = 1.0,
    ) -> None:
        areas = np.array([field.grey.numel() for field in fields], dtype=np.float64)
        self._fields, self._chance = fields, areas / areas.sum()
        self._n_classes, self._side_px, self._n_patches = n_classes, side_px, n_patches
        self._seed, self._round = seed, round_number
        self._geometry, self._light = geometry, light

    def __len__(self) -> int:
        """Return the number of patches."""
        return self._n_patches

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Draw patch `index`: grey values (1, y, x) and classes (y, x)."""
        if not 0 <= index < self._n_patches:
            raise IndexError(index)
        rng = np.random.default_rng((self._seed, self._round, index))
        field = self._fields[rng.choice(len(self._fields), p=self._chance)]
        centre = self._centre(field.classes.numpy(), rng)
        patch, target = sample_patch(
            field.grey, field.classes, centre, self._side_px, rng, geometry=self._geometry
        )
        return change_light(patch, rng, self._light)[None], target

    def _centre(self, classes: NDArray[np.uint8], rng: np.random.Generator) -> tuple[float, float]:
        wanted = rng.integers(self._n_classes) if rng.random() < CENTRED_SHARE else None
        for _ in range(TRIES):  # enough for a class of 5 %; a rarer one is found at random
            y, x = (int(rng.integers(side)) for side in classes.shape)
            if wanted is None or classes[y, x] == wanted:
                break
        return float(y), float(x)

"""Train, validation and test images, so that no group is in two of them.

Slices of one volume look alike: a model that saw the one has seen the other. So groups are assigned, not
images, and a choice that would divide a group is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cathograph.ingest.segmentation.unet.pairs import Pair
from cathograph.schema.errors import ModelError


@dataclass(frozen=True)
class Shares:
    """Shares of the groups that validate and test; the rest trains (the paper's 70/15/15)."""

    validation: float = 0.15
    test: float = 0.15

    def __post_init__(self) -> None:
        """Refuse shares that leave nothing to train on."""
        if not (0 <= self.validation < 1 and 0 <= self.test < 1 and self.validation + self.test < 1):
            msg = (
                f"Found shares of {self.validation:g} (validation) and {self.test:g} (test); expected 0 or more, "
                "together below 1. Lower them."
            )
            raise ModelError(msg)


@dataclass(frozen=True)
class Split:
    """Names of the images of each side."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


def split_pairs(
    pairs: Sequence[Pair], shares: Shares, *, seed: int, held_out: Sequence[str] | None = None
) -> Split:
    """Deal groups out to the three sides.

    Parameters
    ----------
    pairs : sequence of Pair
        What there is.
    shares : Shares
        How much validates and tests. A share above 0 gets at least one group.
    seed : int
        Of the shuffle.
    held_out : sequence of str, optional
        Names of groups or images that test, in place of a share.

    Raises
    ------
    ModelError
        When a held-out name is not there, a group would be parted, or nothing is left to train on.
    """
    groups = sorted({pair.group for pair in pairs})
    if held_out is None:
        rest = [groups[place] for place in np.random.default_rng(seed).permutation(len(groups))]
        n_test = _at_least_one(shares.test, len(groups))
        test, rest = rest[:n_test], rest[n_test:]
    else:
        test = _groups_named(pairs, held_out)
        left = [group for group in groups if group not in test]
        rest = [left[place] for place in np.random.default_rng(seed).permutation(len(left))]
    n_validation = _at_least_one(shares.validation, len(groups))
    validation, train = rest[:n_validation], rest[n_validation:]
    if not train:
        msg = (
            f"Found {len(groups)} groups of images, of which none is left to train on; expected at least one beside "
            "those that validate and test. Add images, or lower the shares."
        )
        raise ModelError(msg)

    def names(of: Sequence[str]) -> tuple[str, ...]:
        return tuple(pair.name for pair in pairs if pair.group in of)

    return Split(names(train), names(validation), names(test))


def _at_least_one(share: float, n_groups: int) -> int:
    return max(round(share * n_groups), 1) if share > 0 else 0


def _groups_named(pairs: Sequence[Pair], held_out: Sequence[str]) -> list[str]:
    known = {pair.group for pair in pairs} | {pair.name for pair in pairs}
    unknown = [name for name in held_out if name not in known]
    if unknown:
        listed = ", ".join(sorted(known)[:20])
        msg = f"Found held-out {', '.join(unknown)}; expected names of images or groups: {listed}."
        raise ModelError(msg)
    named = {pair.name for pair in pairs if pair.name in held_out or pair.group in held_out}
    touched = sorted({pair.group for pair in pairs if pair.name in named})
    parted = sorted({pair.group for pair in pairs if pair.group in touched and pair.name not in named})
    if parted:
        msg = (
            f"Found held-out images whose group {', '.join(parted)} also trains; expected whole groups, for images of "
            "a group look alike. Hold the group out."
        )
        raise ModelError(msg)
    return touched

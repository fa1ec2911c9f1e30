"""Blocks of an image with a margin: what is computed in their cores equals what the whole image gives.

A core's margin ends at the rim of the image, where the same rule holds as for the whole image. So memory depends on
the block and not on the image, and the answer on neither.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

Slices = tuple[slice, ...]

BLOCK_PX = {2: 256, 3: 48}
"""Side of a core by the number of axes: some 100,000 pixels, a dozen MB of features."""


@dataclass(frozen=True)
class Block:
    """A part of an image.

    Attributes
    ----------
    core : tuple of slice
        In the image: the pixels that the block answers for.
    seen : tuple of slice
        In the image: those with their margin.
    inner : tuple of slice
        The core within what is seen.
    """

    core: Slices
    seen: Slices
    inner: Slices


def blocks_of(shape: tuple[int, ...], *, side_px: int, margin_px: int) -> Iterator[Block]:
    """Cover an image with blocks whose cores meet without overlap.

    Parameters
    ----------
    shape : tuple of int
        Of the image.
    side_px, margin_px : int
        Side of a core, and how far around it a block sees.

    Examples
    --------
    >>> [(block.core, block.seen) for block in blocks_of((5,), side_px=3, margin_px=1)]
    [((slice(0, 3, None),), (slice(0, 4, None),)), ((slice(3, 5, None),), (slice(2, 5, None),))]
    """
    for corner in product(*(range(0, length, side_px) for length in shape)):
        core, seen, inner = [], [], []
        for start, length in zip(corner, shape, strict=True):
            stop = min(start + side_px, length)
            first, last = max(start - margin_px, 0), min(stop + margin_px, length)
            core.append(slice(start, stop))
            seen.append(slice(first, last))
            inner.append(slice(start - first, stop - first))
        yield Block(tuple(core), tuple(seen), tuple(inner))

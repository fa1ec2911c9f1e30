"""Windows over an image, such that a network's results in their cores equal those for the whole image.

A window is its core with a margin as wide as the network's reach on each side. At the edge of the image it is not
extended but moved inwards: there the network pads with zeros as it does on the whole image, and all
windows have one shape, which makes batches. Cores and windows begin at multiples of the network's stride, so pooling
joins the same pixels in each. Cores meet without overlap: equal results need no blending.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """One axis of a window.

    Attributes
    ----------
    start, stop : int
        Pixels the network sees.
    core_start, core_stop : int
        Pixels it answers for.
    """

    start: int
    stop: int
    core_start: int
    core_stop: int


Window = tuple[Span, Span]


def windows(shape: tuple[int, int], *, tile_px: int, margin_px: int, stride_px: int) -> Iterator[Window]:
    """Cover an image.

    Parameters
    ----------
    shape : (int, int)
        Pixels (y, x); the windows may end up to a stride beyond.
    tile_px : int
        Side of a core; rounded up to the stride.
    margin_px : int
        Reach of the network, a multiple of the stride.
    stride_px : int
        Of the network.

    Yields
    ------
    Window
        All of one shape, row by row; their cores cover each pixel once.

    Examples
    --------
    >>> [rows for rows, _ in windows((20, 4), tile_px=4, margin_px=4, stride_px=4)]  # doctest: +NORMALIZE_WHITESPACE
    [Span(start=0, stop=12, core_start=0, core_stop=4), Span(start=0, stop=12, core_start=4, core_stop=8),
     Span(start=4, stop=16, core_start=8, core_stop=12), Span(start=8, stop=20, core_start=12, core_stop=16),
     Span(start=8, stop=20, core_start=16, core_stop=20)]
    """
    tile = -(-tile_px // stride_px) * stride_px
    rows, columns = (_spans(side, tile, margin_px, stride_px) for side in shape)
    for row in rows:
        for column in columns:
            yield row, column


def _spans(side: int, tile: int, margin: int, stride: int) -> list[Span]:
    padded = -(-side // stride) * stride
    window = min(tile + 2 * margin, padded)
    if window == padded:
        return [Span(0, padded, 0, side)]
    spans = []
    for core in range(0, padded, tile):
        start = min(max(core - margin, 0), padded - window)
        spans.append(Span(start, start + window, core, min(core + tile, side)))
    return spans

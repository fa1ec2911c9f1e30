"""The architecture of a network: the few numbers from which it is built when its weights are read.

They are stored in the header of the weights, so a model is one file and its hash covers all of it. This module
does not import torch, so that a card or a header can be read without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cathograph.schema.composites import SSB_CATHODE, Phase
from cathograph.schema.errors import ModelError, PhaseMapError

MOST_LEVELS = 6
MOST_CHANNELS = 1024
"""Bounds of what a file may ask for: a damaged header must not fill the memory."""


@dataclass(frozen=True)
class Architecture:
    """Shape of a U-Net.

    Attributes
    ----------
    classes : tuple of Phase
        Classes that the network distinguishes, one output each, in the order of their codes.
    channels : tuple of int
        Channels of each resolution, from full to coarsest; the last one is the bottom, which has no skip.
        The default has three levels above the bottom.
    attention : bool
        Dual attention on every skip; False is the plain U-Net of the same blocks.
    dropout : float
        Share of channels dropped while training.

    Raises
    ------
    ModelError
        When a value cannot be meant.
    """

    classes: tuple[Phase, ...]
    channels: tuple[int, ...] = (16, 32, 48, 64)
    attention: bool = True
    dropout: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        problem = None
        if not self.classes or list(self.classes) != sorted(set(self.classes), key=lambda phase: phase.code):
            problem = (
                f"classes {[str(phase) for phase in self.classes]}; expected different phases by their codes"
            )
        elif not 2 <= len(self.channels) <= MOST_LEVELS:
            problem = f"{len(self.channels)} resolutions; expected 2 to {MOST_LEVELS}"
        elif not all(1 <= number <= MOST_CHANNELS for number in self.channels):
            problem = f"channels {self.channels}; expected 1 to {MOST_CHANNELS} each"
        elif not 0 <= self.dropout < 1:
            problem = f"dropout {self.dropout}; expected 0 to below 1"
        if problem:
            msg = f"Found a network of {problem}. Correct it, or take another model."
            raise ModelError(msg)

    @property
    def stride_px(self) -> int:
        """Pixels that one pixel of the coarsest resolution covers; sides of inputs are multiples of it."""
        return int(2 ** (len(self.channels) - 1))

    @property
    def margin_px(self) -> int:
        """Pixels beyond which an input pixel cannot change an output pixel, rounded up to the stride.

        Notes
        -----
        At level l a pixel is 2^l wide. Two 3 × 3 convolutions going down and, above the bottom, two going up
        reach 2 · 2^l each; the boundary map of the attention reaches 2^l; pooling joins pixels that lie up to
        stride − 1 apart. For three levels: 30 + 14 + 7 + 7 = 58, hence 64.
        """
        widths = [2**level for level in range(len(self.channels))]
        down, up = 2 * sum(widths), 2 * sum(widths[:-1])
        boundary = sum(widths[:-1]) if self.attention else 0
        reach = down + up + boundary + self.stride_px - 1
        return int(-(-reach // self.stride_px) * self.stride_px)

    def as_record(self) -> dict[str, Any]:
        """Write it as JSON can hold it."""
        return {
            "classes": [phase.name for phase in self.classes],
            "channels": list(self.channels),
            "attention": self.attention,
            "dropout": self.dropout,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Architecture":
        """Read what `as_record` wrote.

        Raises
        ------
        ModelError
            When a value is missing or cannot be meant.

        Examples
        --------
        >>> small = Architecture((SSE, NMC), channels=(4, 8))
        >>> Architecture.from_record(small.as_record()) == small
        True
        """
        try:
            classes = tuple(SSB_CATHODE.phase(str(name)) for name in record["classes"])
            channels = tuple(int(number) for number in record["channels"])
            return cls(classes, channels, bool(record["attention"]), float(record["dropout"]))
        except (KeyError, TypeError, ValueError, PhaseMapError) as error:
            msg = (
                f"Found a network that its file does not describe ({error!r}); expected one. Train it again."
            )
            raise ModelError(msg) from error


def classes_of(phases: Mapping[int, Phase]) -> tuple[Phase, ...]:
    """List the phases of a phase map in the order of their codes.

    Examples
    --------
    >>> from cathograph.schema.phases import NMC, SSE
    >>> [str(phase) for phase in classes_of({0: NMC, 7: SSE, 9: NMC})]
    ['SSE', 'NMC']
    """
    return tuple(sorted(set(phases.values()), key=lambda phase: phase.code))

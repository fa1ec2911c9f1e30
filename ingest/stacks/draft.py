"""What a reader of one format finds in a file, before it is known to be a usable stack.

A file without energies is no stack, but `cathograph inspect` still has to say what it holds, and
a user may give the energies in a file of their own. So readers hand over a draft, and
`opening.py` alone decides what is missing.
"""

from dataclasses import dataclass
from pathlib import Path

from cathograph.ingest.options import Signal
from cathograph.ingest.stacks.energies import StatedEnergies
from cathograph.ingest.stacks.frames import Frames
from cathograph.ingest.stacks.metadata import BeamlineMetadata


@dataclass(frozen=True, eq=False)
class Draft:
    """A stack as a file has it.

    Attributes
    ----------
    path
        The file.
    frames
        Its images.
    places : tuple of int
        Which of them show the sample, in the order of the file.
    metadata
        What else it says.
    energies
        Energies of the sample's images in that order; None where the file has none.
    why_no_energies : str
        What stands in their place, for the message.
    signal
        What the pixels are; None where the file does not say.
    flats, darks
        Images of the beam alone, and without it.
    flat_groups, dark_groups
        Which of them belong to each sample image, where the file tells; see `FramesReference`.
    """

    path: Path
    frames: Frames
    places: tuple[int, ...]
    metadata: BeamlineMetadata
    energies: StatedEnergies | None = None
    why_no_energies: str = ""
    signal: Signal | None = None
    flats: Frames | None = None
    darks: Frames | None = None
    flat_groups: tuple[tuple[int, ...], ...] | None = None
    dark_groups: tuple[tuple[int, ...], ...] | None = None

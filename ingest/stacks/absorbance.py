"""A stack as a temporary file of plain absorbance.

It is written once, frame by frame; registration and fits then read it as often and in the order they like,
whatever compression the file has.
"""

from collections.abc import Callable

from cathograph.ingest.stacks.energy_stack import EnergyStack
from cathograph.ingest.stacks.frame_store import FrameStore


def store_frames(stack: EnergyStack, progress: Callable[[int, int], None] | None = None) -> FrameStore:
    """Lay a stack down in a temporary file, frame by frame.

    Parameters
    ----------
    stack : EnergyStack
        Any stack.
    progress : callable, optional
        Gets (frames done, all frames).

    Returns
    -------
    FrameStore
        The same stack, fast to read by rows. Close it after use.

    Raises
    ------
    InputError
        When the stack cannot be read, or the disk has no room.
    """
    frames = (stack.read_frame(index) for index in range(stack.shape[0]))
    return FrameStore(frames, stack.energies_ev, pixel_size_um=stack.pixel_size_um, progress=progress)

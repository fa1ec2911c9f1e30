"""The device on which the network runs: the requested one, or an error; `auto` logs its choice."""

import logging

import torch

from cathograph.schema.errors import SegmentationError

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "mixed")

_log = logging.getLogger(__name__)


def choose_device(asked: str) -> torch.device:
    """Choose a device.

    Parameters
    ----------
    asked : {"auto", "cpu", "cuda"}
        ``auto`` takes a GPU where there is one.

    Raises
    ------
    SegmentationError
        When there is no such device here.
    """
    if asked not in DEVICES:
        msg = f"Found device {asked!r}; expected one of {', '.join(DEVICES)}. Correct it."
        raise SegmentationError(msg)
    there = torch.cuda.is_available()
    if asked == "cuda" and not there:
        msg = (
            "Found no CUDA device; expected one for `device` cuda. Use `device` cpu, or a machine with a GPU."
        )
        raise SegmentationError(msg)
    device = torch.device("cuda" if there and asked != "cpu" else "cpu")
    if asked == "auto":
        _log.info("the network runs on %s", device)
    return device


def choose_training_precision(asked: str, device: torch.device) -> str:
    """Choose the precision of a training: ``auto`` is mixed on a GPU and on a CPU with AMX.

    Weights stay float32. Other than in inference, a result that differs in the last digits is no harm here.

    Raises
    ------
    SegmentationError
        When it is unknown.
    """
    _check_precision(asked)
    if asked == "auto":
        fast = device.type == "cuda" or bool(torch.cpu.get_capabilities().get("amx_bf16"))
        return "mixed" if fast else "float32"
    return asked


def choose_precision(asked: str, device: torch.device) -> str:
    """Choose the precision of inference, ``float32`` or ``mixed``; ``auto`` is mixed on a GPU.

    Raises
    ------
    SegmentationError
        When it is unknown, or mixed precision is asked of a CPU, where it is slower and differs.
    """
    _check_precision(asked)
    if asked == "mixed" and device.type != "cuda":
        msg = "Found mixed precision on a CPU; expected it on a GPU only. Use float32, or `device` cuda."
        raise SegmentationError(msg)
    if asked == "auto":
        return "mixed" if device.type == "cuda" else "float32"
    return asked


def _check_precision(asked: str) -> None:
    if asked not in PRECISIONS:
        msg = f"Found precision {asked!r}; expected one of {', '.join(PRECISIONS)}. Correct it."
        raise SegmentationError(msg)

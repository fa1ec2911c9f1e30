"""Models as files: weights in safetensors, the architecture in the header, one hash for both.

safetensors holds numbers and text and no code. A header that asks for too much memory, weights that do not fit it,
and values that are not finite are refused before anything is computed with them.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save

from cathograph.ingest.segmentation.unet.architecture import Architecture
from cathograph.ingest.segmentation.unet.network import UNet
from cathograph.schema.errors import ModelError

HEADER = "cathograph"
FORMAT = 1
LARGEST_BYTES = 1 << 30


@dataclass(frozen=True, eq=False)
class SegmentationModel:
    """A network with its weights, ready to answer.

    Attributes
    ----------
    network : UNet
        In evaluation mode.
    name : str
        Given when it was trained.
    sha256 : str
        Hash of the file: weights, classes and shape together.
    """

    network: UNet
    name: str
    sha256: str

    @property
    def architecture(self) -> Architecture:
        """Shape and classes of the network."""
        return self.network.architecture


def save_model(path: Path, network: UNet, *, name: str) -> str:
    """Write a network; the file appears whole or not at all.

    Parameters
    ----------
    path : Path
        ``….safetensors``.
    network : UNet
        What to write.
    name : str
        Name of the model.

    Returns
    -------
    str
        SHA-256 of the file.
    """
    header = json.dumps({"format": FORMAT, "name": name, "architecture": network.architecture.as_record()})
    state = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    part = path.with_name(f"{path.name}.part")
    content = save(state, metadata={HEADER: header})  # not save_file, which hides the file from other users
    part.write_bytes(content)
    part.replace(path)
    return hashlib.sha256(content).hexdigest()


def load_model(path: Path) -> SegmentationModel:
    """Read a model.

    Parameters
    ----------
    path : Path
        A file that `save_model` wrote.

    Raises
    ------
    ModelError
        When it is missing, damaged, no model of ours, or its weights do not fit its header.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            msg = f"{path}: found a file above {LARGEST_BYTES >> 20} MiB; expected a U-Net. Is it the right file?"
            raise ModelError(msg)
        content = path.read_bytes()
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        state = load(content)
    except OSError as error:
        msg = (
            f"{path}: found no readable model ({error.strerror or error}); expected a .safetensors file. "
            "Check the path."
        )
        raise ModelError(msg) from error
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        msg = f"{path}: found no whole safetensors file ({error}); expected a trained model. Copy or train it again."
        raise ModelError(msg) from error
    name, architecture = _read_header(path, metadata)
    network = UNet(architecture)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        first = " ".join(str(error).split())[:200]
        msg = (
            f"{path}: found weights that do not fit the network of the header ({first}); expected equal shapes. "
            "Train it again."
        )
        raise ModelError(msg) from error
    if not all(bool(torch.isfinite(value).all()) for value in state.values()):
        msg = f"{path}: found weights that are no finite numbers; expected finite ones. Train it again."
        raise ModelError(msg)
    network.eval()
    return SegmentationModel(network, name, hashlib.sha256(content).hexdigest())


def _read_header(path: Path, metadata: dict[str, str]) -> tuple[str, Architecture]:
    try:
        header = json.loads(metadata[HEADER])
        if header["format"] != FORMAT:
            msg = (
                f"{path}: found a model of format {header['format']}; expected {FORMAT}. "
                "Use the Cathograph that wrote it, or train it again."
            )
            raise ModelError(msg)
        return str(header["name"]), Architecture.from_record(header["architecture"])
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{path}: found no description of a U-Net in the file; expected a model that `cathograph train` wrote."
        raise ModelError(msg) from error

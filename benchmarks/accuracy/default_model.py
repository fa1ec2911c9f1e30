"""The model that ships, made again: ``python -m cathograph.benchmarks.accuracy.default_model FOLDER``.

It is trained on phantoms alone: all three presets and cathodes between them, at pixel sizes of 25 to 70 nm, in greys,
fringes, blur, noise and artefacts drawn separately for each image. FOLDER keeps the checkpoints; the same command
continues where it was stopped. With ``--install`` weights and card replace those in the package.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from cathograph.ingest.segmentation.unet.architecture import Architecture
from cathograph.ingest.segmentation.unet.lightning_task import Schedule
from cathograph.ingest.segmentation.unet.model_lookup import DEFAULT, MODELS_FOLDER, SUFFIX
from cathograph.ingest.segmentation.unet.pairs import Pair
from cathograph.ingest.segmentation.unet.split import Shares, split_pairs
from cathograph.ingest.segmentation.unet.trained_model import Training, finish_model
from cathograph.ingest.segmentation.unet.training import TrainingRun, train_network
from cathograph.phantom import (
    PRESETS,
    Imaging,
    Microstructure,
    make_microstructure,
    preset_parameters,
    render_grey,
)
from cathograph.schema.composites import BACKGROUND_PHASE, SSB_CATHODE
from cathograph.schema.keys import hash_pixels
from cathograph.schema.phases import GRAPHITE, NMC, SSE

N_IMAGES = 160
SIDE_PX = 256
SEED = 20240
ARCHITECTURE = Architecture(
    tuple(sorted(SSB_CATHODE.all_phases, key=lambda phase: phase.code)), channels=(8, 16, 32, 48)
)
SCHEDULE = Schedule(steps=1500, round_steps=100, batch=6, patch_px=128, learning_rate=4e-3, seed=SEED)
COMMAND = "python -m cathograph.benchmarks.accuracy.default_model FOLDER --install"
SOURCE = (
    f"{N_IMAGES} phantoms of {SIDE_PX} × {SIDE_PX} pixels (presets LCD, ECD, BLE and cathodes between them, "
    "25 to 70 nm a pixel), rendered with phase contrast, blur, cupping, rings and noise. No real image."
)


def make_phantom(number: int, *, seed: int = SEED, side_px: int = SIDE_PX) -> Microstructure:
    """Make phantom `number` of the set: preset, matrix or grains, and pixel size at random."""
    rng = np.random.default_rng((seed, number))
    parameters = preset_parameters(str(rng.choice(sorted(PRESETS))))
    solid = rng.uniform(0.85, 0.97)
    nmc = rng.uniform(0.3, 0.5)
    graphite = rng.uniform(0.04, 0.16)
    parameters = replace(
        parameters,
        nmc_fraction=nmc,
        graphite_fraction=graphite,
        sse_fraction=solid - nmc - graphite,
        nmc_diameter_um=rng.uniform(1.2, 2.2),
        nmc_roughness=rng.uniform(0.0, 0.08),
        nmc_touching=rng.uniform(0.1, 0.6),
        sse_form=str(rng.choice(["particles", "matrix"])),  # type: ignore[arg-type]
        crack_share=rng.uniform(0.1, 0.6),
    )
    return make_microstructure(
        (side_px, side_px),
        parameters=parameters,
        seed=int(rng.integers(2**31)),
        pixel_size_um=rng.uniform(0.025, 0.07),
    )


def draw_imaging(number: int, *, seed: int = SEED) -> Imaging:
    """Draw how phantom `number` is imaged; greys keep their order, which absorption gives them."""
    rng = np.random.default_rng((seed, number, 1))
    pore, graphite, sse = rng.uniform(0.02, 0.15), rng.uniform(0.22, 0.36), rng.uniform(0.44, 0.62)
    greys = (BACKGROUND_PHASE, pore), (GRAPHITE, graphite), (SSE, sse), (NMC, 1.0)
    return Imaging(
        phase_greys=dict(greys),
        fringe_px2=rng.uniform(0, 3),
        blur_px=rng.uniform(0.5, 1.6),
        photons=float(np.exp(rng.uniform(np.log(150), np.log(3000)))),
        electronic_noise=rng.uniform(0, 0.04),
        cupping=rng.uniform(0, 0.15),
        ring_strength=rng.uniform(0, 0.02),
        stripe_strength=rng.uniform(0, 0.01),
    )


def phantom_pair(number: int, *, seed: int = SEED, side_px: int = SIDE_PX) -> Pair:
    """Make pair `number`: the grey image of a phantom and its phases."""
    phantom = make_phantom(number, seed=seed, side_px=side_px)
    grey = render_grey(phantom, seed=number, imaging=draw_imaging(number, seed=seed))
    name = f"phantom-{number:03d}"
    return Pair(name, name, grey, phantom.phases, f"{hash_pixels(grey)}+{hash_pixels(phantom.phases)}")


def train(folder: Path, *, install: bool) -> Path:
    """Train the model in a folder; return the file of its weights."""
    pairs = [phantom_pair(number) for number in range(N_IMAGES)]
    split = split_pairs(pairs, Shares(), seed=SEED)
    run = TrainingRun(ARCHITECTURE, folder, SCHEDULE, device="cpu", resume=True)
    trained = train_network(
        pairs, split, run, progress=lambda what, done, total: _say(f"{done}/{total} {what}", done)
    )
    weights = (MODELS_FOLDER if install else folder) / f"{DEFAULT}{SUFFIX}"
    finish_model(weights, Training(SOURCE, COMMAND, pairs, split, run, trained))
    return weights


def _say(line: str, step: int) -> None:
    if step % 10 == 0:
        sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train the model that ships.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--install", action="store_true")
    asked = parser.parse_args()
    sys.stdout.write(f"{train(asked.folder, install=asked.install)}\n")

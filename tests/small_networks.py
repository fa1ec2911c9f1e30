"""Small networks and pairs: two phases told apart by grey, which a few steps learn."""

import numpy as np
import torch

from cathograph.ingest.segmentation.unet.architecture import Architecture
from cathograph.ingest.segmentation.unet.network import UNet
from cathograph.ingest.segmentation.unet.pairs import Pair
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.phases import NMC, SSE

ALL_PHASES = tuple(sorted(SSB_CATHODE.all_phases, key=lambda phase: phase.code))


def random_network(channels=(4, 6, 8), *, attention=True, classes=ALL_PHASES, seed=0):
    """Make a network whose weights and batch statistics are all drawn, so that nothing is 0 or 1 by chance."""
    torch.manual_seed(seed)
    network = UNet(Architecture(classes, channels, attention))
    for name, value in network.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif value.is_floating_point():
            value.add_(0.2 * torch.randn_like(value))
    network.eval()
    with torch.inference_mode():  # each class is the largest somewhere
        logits = network(torch.randn(1, 1, 64, 64)).logits
        network.head.bias -= logits.mean((0, 2, 3))
    return network


def two_phase_pair(name, *, group=None, side=48, seed=0):
    """Make discs of NMC in SSE, with noise."""
    rng = np.random.default_rng((seed, abs(hash(name)) % 1000 if not name.isdecimal() else int(name)))
    y, x = np.mgrid[:side, :side]
    phases = np.full((side, side), SSE.code, dtype=np.uint8)
    for _ in range(4):
        centre = rng.uniform(0, side, 2)
        phases[(y - centre[0]) ** 2 + (x - centre[1]) ** 2 < 81] = NMC.code
    grey = (phases == NMC.code) * 100.0 + rng.normal(50, 12, phases.shape)
    return Pair(name, group or name, grey.astype(np.float32), phases, f"hash of {name}")

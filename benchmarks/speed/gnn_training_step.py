"""What a training step of a network costs, and whether `torch.compile` pays.

::

    python -m cathograph.benchmarks.speed.gnn_training_step

A step is forward, backward, clipping and AdamW on 16 phantoms of the paper's size, as
`cathograph.gnn.training.network_training` takes them, without Lightning. No two batches have the same numbers of
particles and contacts, so the compiled network is asked to take any (``dynamic=True``). ``compile_s`` is
what its first round over all batches takes longer than a later one.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch_geometric.data import HeteroData

from cathograph.benchmarks.accuracy.gnn_learning_curve import SETTINGS, make_images
from cathograph.gnn.graph_layout import layout_of, target_phase
from cathograph.gnn.networks.architectures import Architecture, build_model
from cathograph.gnn.training.batches import merge_graphs
from cathograph.gnn.training.scaling import fit_scaling

BATCHES = 6


def make_batches() -> tuple[list[HeteroData], Callable[[Architecture], nn.Module]]:
    """Make batches, and what builds a network for them."""
    graphs = [each.graph for each in make_images(SETTINGS.batch_images + BATCHES, seed=100, name="step")]
    layout = layout_of(graphs)
    scaling = fit_scaling(graphs, layout)
    scaled = [scaling.apply(graph) for graph in graphs]
    batches = [merge_graphs(scaled[at : at + SETTINGS.batch_images]) for at in range(BATCHES)]
    return batches, lambda architecture: build_model(architecture, layout, dict(SETTINGS.sizes))


def time_rounds(network: Callable[..., torch.Tensor], parameters: list[nn.Parameter],
                batches: Sequence[HeteroData], rounds: int) -> list[float]:  # fmt: skip
    """Train over all batches so often; gives the seconds of each round."""
    optimizer = torch.optim.AdamW(parameters, lr=SETTINGS.learning_rate, fused=True)
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        for batch in batches:
            optimizer.zero_grad()
            predicted = network(batch.x_dict, batch.edge_index_dict, batch.edge_attr_dict)
            (predicted - batch[target_phase(batch)].y).square().mean().backward()
            nn.utils.clip_grad_norm_(parameters, SETTINGS.clip)
            optimizer.step()
        seconds.append(time.perf_counter() - began)
    return seconds


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--architectures", nargs="+", default=[each.value for each in Architecture])
    parser.add_argument("--rounds", type=int, default=10)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    batches, build = make_batches()
    for architecture in map(Architecture, given.architectures):
        plain = build(architecture)
        parameters = list(plain.parameters())
        eager = time_rounds(plain, parameters, batches, given.rounds)
        compiled = time_rounds(torch.compile(plain, dynamic=True), parameters, batches, given.rounds)
        steady = min(compiled[1:])
        row = {
            "network": architecture.value,
            "eager_ms_a_step": round(1e3 * min(eager[1:]) / BATCHES, 2),
            "compiled_ms_a_step": round(1e3 * steady / BATCHES, 2),
            "compile_s": round(compiled[0] - steady, 1),
        }
        print(json.dumps(row), flush=True)  # noqa: T201  its output


if __name__ == "__main__":
    main()

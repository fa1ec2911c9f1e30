"""Models as files: what was written is read, everything else is refused by name."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_networks import random_network

from cathograph.ingest.segmentation import make_segmenter
from cathograph.ingest.segmentation.unet.architecture import Architecture
from cathograph.ingest.segmentation.unet.unet_segmenter import make_unet
from cathograph.ingest.segmentation.unet.weights import HEADER, load_model, save_model
from cathograph.schema.errors import ModelError, SegmentationError
from cathograph.schema.phases import GRAPHITE, NMC, SSE


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "small.safetensors"
    save_model(target, random_network(), name="small")
    return target


def test_what_was_written_is_read(path):
    network = random_network()
    model = load_model(path)
    assert model.architecture == network.architecture
    assert model.name == "small"
    image = torch.randn(1, 1, 16, 16)
    torch.testing.assert_close(model.network(image).logits, network(image).logits)
    assert [each.name for each in path.parent.iterdir()] == ["small.safetensors"]


def test_hash_is_that_of_the_file_and_names_the_classes_too(path, tmp_path):
    import hashlib

    assert load_model(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    network = random_network(classes=(SSE, NMC))
    other = tmp_path / "other.safetensors"
    first = save_model(other, network, name="x")
    network.architecture = Architecture((NMC, GRAPHITE), (4, 6, 8))
    assert save_model(other, network, name="x") != first


def _rewrite(path, change_state=None, header=None):
    state = load_file(path)
    architecture = random_network().architecture.as_record()
    record = {"format": 1, "name": "small", "architecture": architecture}
    if change_state:
        change_state(state)
    text = header(record) if header else json.dumps(record)
    save_file(state, path, metadata={} if text is None else {HEADER: text})


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-20]), "no whole safetensors file"),
        (lambda path: path.write_bytes(b""), "no whole safetensors file"),
        (lambda path: path.write_bytes(b"\xff" * 5000), "no whole safetensors file"),
        (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300)), "no whole safetensors file"),
        (lambda path: path.unlink(), "no readable model"),
        (lambda path: _rewrite(path, header=lambda _: None), "no description"),
        (lambda path: _rewrite(path, header=lambda _: "[1"), "no description"),
        (lambda path: _rewrite(path, header=lambda r: json.dumps(r | {"format": 2})), "format 2"),
        (
            lambda path: _rewrite(path, header=lambda r: json.dumps(r | {"architecture": {}})),
            "does not describe",
        ),
        (
            lambda path: _rewrite(
                path,
                header=lambda r: json.dumps(
                    r | {"architecture": r["architecture"] | {"classes": ["NMC", "Gold"]}}
                ),
            ),
            "does not describe",
        ),
        (
            lambda path: _rewrite(
                path,
                header=lambda r: json.dumps(
                    r | {"architecture": r["architecture"] | {"channels": [10**12] * 3}}
                ),
            ),
            "channels",
        ),
        (
            lambda path: _rewrite(
                path,
                header=lambda r: json.dumps(r | {"architecture": r["architecture"] | {"attention": False}}),
            ),
            "do not fit",
        ),
        (lambda path: _rewrite(path, lambda state: state.pop("head.bias")), "do not fit"),
        (
            lambda path: _rewrite(path, lambda state: state["head.bias"].fill_(float("nan"))),
            "no finite numbers",
        ),
    ],
)
def test_damaged_and_foreign_files(path, damage, found):
    damage(path)
    with pytest.raises(ModelError, match=found):
        load_model(path)


def test_a_pickle_that_would_run_code_is_refused_and_does_not(path, tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "was-here"), "w"))

    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ModelError, match="no whole safetensors file"):
        load_model(path)
    assert not (tmp_path / "was-here").exists()


def test_a_model_is_found_again_by_its_hash(path, monkeypatch):
    made = make_segmenter("unet", model=str(path))
    # As the store keeps them: no path among them.
    assert dict(made.parameters) == {"sha256": load_model(path).sha256, "precision": "float32"}
    with pytest.raises(ModelError, match="CATHOGRAPH_MODELS"):
        make_segmenter("unet", **made.parameters)
    monkeypatch.setenv("CATHOGRAPH_MODELS", str(path.parent))
    again = make_segmenter("unet", **made.parameters)
    assert again.parameters == made.parameters
    grey = np.random.default_rng(0).normal(size=(24, 24))
    np.testing.assert_array_equal(again.segment(grey), made.segment(grey))


def test_what_cannot_be_had_is_an_error(path):
    with pytest.raises(ModelError, match="no model at nowhere"):
        make_unet(model="nowhere.safetensors")
    with pytest.raises(ModelError, match="found the hash"):
        make_unet(model=str(path), sha256="0" * 64)
    with pytest.raises(SegmentationError, match="device 'tpu'"):
        make_unet(model=str(path), device="tpu")
    with pytest.raises(SegmentationError, match="precision 'half'"):
        make_unet(model=str(path), precision="half")
    with pytest.raises(SegmentationError, match="mixed precision on a CPU"):
        make_unet(model=str(path), device="cpu", precision="mixed")
    with pytest.raises(SegmentationError, match="tile"):
        make_unet(model=str(path), tile_px=0)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_an_error(path):
    with pytest.raises(SegmentationError, match="no CUDA device"):
        make_unet(model=str(path), device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_labels_of_a_gpu_are_those_of_a_cpu(path):
    grey = np.random.default_rng(0).normal(size=(200, 120))
    on_cpu, on_gpu = (
        make_unet(model=str(path), device=device, precision="float32") for device in ("cpu", "cuda")
    )
    assert (on_cpu.segment(grey) == on_gpu.segment(grey)).mean() > 0.999


def test_torch_is_not_loaded_before_a_model_is():
    modules = "cathograph.ingest.pipeline, cathograph.ingest.segmentation.unet.mask_evaluation"
    script = f"import sys, {modules}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

"""Grey images: exact without an imaging, fringes and noise as stated, bad values refused."""

import numpy as np
import pytest

from cathograph.phantom import (
    Imaging,
    Microstructure,
    MicrostructureParameters,
    make_microstructure,
    render_grey,
)
from cathograph.phantom.grey import PERFECT, PHASE_GREYS
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.errors import InputError
from cathograph.schema.phases import NMC, SSE


def _step(axis: int = 1, shape: tuple[int, ...] = (16, 32)) -> Microstructure:
    """SSE on the left, NMC on the right."""
    phases = np.full(shape, SSE.code, dtype=np.uint8)
    half = [slice(None)] * len(shape)
    half[axis] = slice(shape[axis] // 2, None)
    phases[tuple(half)] = NMC.code
    return Microstructure(
        labels=phases.astype(np.int32),
        region_phases=np.array([1, 2], dtype=np.uint8),
        phases=phases,
        pixel_size_um=0.03,
        parameters=MicrostructureParameters(),
        seed=0,
    )


@pytest.mark.parametrize("shape", [(128, 128), (56, 56, 56)])
def test_perfect_imaging_gives_each_phase_its_grey(shape: tuple[int, ...]) -> None:
    phantom = make_microstructure(shape, preset="ECD", seed=0)
    grey = render_grey(phantom, seed=0, imaging=PERFECT)
    assert grey.dtype == np.float32
    assert grey.shape == shape
    for phase, wanted in PHASE_GREYS.items():
        assert (grey[phantom.phases == phase.code] == np.float32(wanted)).all()


def test_phases_stay_separable_in_the_default_image() -> None:
    phantom = make_microstructure((256, 256), preset="ECD", seed=1)
    grey = render_grey(phantom, seed=0)
    means = np.array([PHASE_GREYS[phase] for phase in sorted(PHASE_GREYS, key=lambda phase: phase.code)])
    nearest = np.abs(grey[..., None] - means).argmin(axis=-1)
    # Fringes and blur spoil pixels at interfaces, noise some more; most remain.
    assert (nearest == phantom.phases).mean() > 0.8
    assert (nearest == NMC.code)[phantom.phases == NMC.code].mean() > 0.9


def test_fringe_is_minus_c_times_the_laplacian() -> None:
    # Across a step from 0.5 to 1 without blur the 1D Laplacian is +0.5 on the low side and −0.5 on
    # the high side, so with c = 0.2 the pixels beside it become 0.5 − 0.1 and 1 + 0.1.
    imaging = Imaging(fringe_px2=0.2, blur_px=0, photons=None, electronic_noise=0, cupping=0, ring_strength=0)
    for axis in (0, 1):
        grey = render_grey(_step(axis, (32, 32)), seed=0, imaging=imaging)
        line = np.moveaxis(grey, axis, 0)[14:18, 5]
        assert line == pytest.approx([0.5, 0.4, 1.1, 1.0])


def test_noise_is_poisson_and_gaussian() -> None:
    imaging = Imaging(fringe_px2=0, blur_px=0, photons=100, electronic_noise=0.05, cupping=0, ring_strength=0)
    grey = render_grey(_step(shape=(400, 400)), seed=0, imaging=imaging)
    for half, mean in ((grey[:, :200], 0.5), (grey[:, 200:], 1.0)):
        assert half.mean() == pytest.approx(mean, abs=0.002)
        assert half.var() == pytest.approx(mean / 100 + 0.05**2, rel=0.03)  # Var Poisson(100 g)/100 = g/100


def test_cupping_darkens_the_middle() -> None:
    uniform = Imaging(
        **{**vars(PERFECT), "cupping": 0.2, "phase_greys": dict.fromkeys(SSB_CATHODE.all_phases, 1.0)}
    )
    grey = render_grey(_step(shape=(33, 33)), seed=0, imaging=uniform)
    assert grey[16, 16] == pytest.approx(0.8)
    assert grey[0, 0] == pytest.approx(1.0)


def test_rings_are_rings_and_stripes_are_stripes() -> None:
    flat = {**vars(PERFECT), "phase_greys": dict.fromkeys(SSB_CATHODE.all_phases, 1.0)}
    rings = render_grey(_step(shape=(33, 33)), seed=0, imaging=Imaging(**{**flat, "ring_strength": 0.1}))
    assert rings.std() > 0.02
    assert np.allclose(rings, rings.T)
    assert np.allclose(rings, rings[::-1])
    stripes = render_grey(_step(shape=(33, 33)), seed=0, imaging=Imaging(**{**flat, "stripe_strength": 0.1}))
    assert stripes.std() > 0.02
    assert (stripes == stripes[0]).all()


def test_grey_repeats_with_its_seed() -> None:
    phantom = make_microstructure((96, 96), preset="BLE", seed=0)
    one, again, other = (render_grey(phantom, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"blur_px": -1.0}, "blur_px=-1.0"),
        ({"fringe_px2": float("nan")}, "fringe_px2=nan"),
        ({"photons": 0.0}, "photons=0.0"),
        ({"cupping": 1.5}, "cupping=1.5"),
        ({"phase_greys": {NMC: 1.0}}, "None for background"),
        ({"phase_greys": dict.fromkeys(SSB_CATHODE.all_phases, -1.0)}, "-1.0 for background"),
    ],
)
def test_bad_imaging_is_refused(change: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Imaging(**change)


def test_bad_seed_is_refused() -> None:
    with pytest.raises(InputError, match="seed='x'"):
        render_grey(_step(), seed="x")  # type: ignore[arg-type]

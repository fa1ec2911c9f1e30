"""Three kinds of cathode, LCD, ECD and BLE, as parameters. The numbers are our own choice.

The paper (arXiv 2512.16085) compares cathodes that differ in how NMC, SSE and graphite are mixed,
and reports counts over all of them: 350 NMC in 73 images, 48 in TPBs, 136 with concurrent channels.
It gives no recipe that a phantom could copy. So the three presets span what the paper's questions
are about, the abundance of TPBs and channels, with LCD < ECD < BLE in both:

LCD  little graphite, in clumps, half of it away from NMC and most of it debonded; many pores.
     Few NMC have both neighbours: transport is limited.
ECD  nearly twice the graphite, long flakes that bridge particles: many channels. Clumps and
     debonded flakes keep TPBs fewer.
BLE  the best blended: thin short flakes, most of them on NMC surfaces, all bonded, few pores.

In all three SSE is drawn as pressed grains that touch one another; the phase image shows them as a
matrix. Orders hold in both views, in 2D and 3D, as medians over images at pixel sizes where
`coat_um` is wider than the contact radius (three pixels of up to about 0.04 µm).
"""

from types import MappingProxyType

from cathograph.phantom.parameters import MicrostructureParameters
from cathograph.schema.errors import InputError

PRESETS: MappingProxyType[str, MicrostructureParameters] = MappingProxyType(
    {
        "LCD": MicrostructureParameters(
            nmc_fraction=0.42,
            sse_fraction=0.38,
            graphite_fraction=0.06,
            sse_form="particles",
            graphite_length_um=1.3,
            graphite_aspect_ratio=5.0,
            graphite_affinity=-0.4,
            graphite_clustering=0.8,
            graphite_debonding=0.6,
            crack_share=0.25,
            delamination=0.6,
        ),
        "ECD": MicrostructureParameters(
            nmc_fraction=0.42,
            sse_fraction=0.36,
            graphite_fraction=0.11,
            sse_form="particles",
            graphite_length_um=1.8,
            graphite_aspect_ratio=6.0,
            graphite_affinity=0.0,
            graphite_clustering=0.4,
            graphite_debonding=0.4,
            crack_share=0.4,
            delamination=0.4,
        ),
        "BLE": MicrostructureParameters(
            nmc_fraction=0.42,
            sse_fraction=0.43,
            graphite_fraction=0.10,
            sse_form="particles",
            graphite_length_um=0.9,
            graphite_aspect_ratio=6.0,
            graphite_affinity=0.7,
            crack_share=0.5,
            delamination=0.2,
        ),
    }
)
"""Parameters by name of the preset."""


def preset_parameters(preset: str) -> MicrostructureParameters:
    """Look up a preset by name, upper or lower case.

    Raises
    ------
    InputError
        When there is no such preset; the message lists those there are.
    """
    found = PRESETS.get(preset.strip().upper()) if isinstance(preset, str) else None
    if found is None:
        msg = f"Found preset {preset!r}; expected one of {', '.join(PRESETS)}."
        raise InputError(msg)
    return found

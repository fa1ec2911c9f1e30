"""Three kinds of cathode, LCD, ECD and BLE, as parameters. The numbers are our own choice.

The paper (arXiv 2512.16085) compares cathodes that differ in how NMC, SSE and graphite are mixed,
and reports counts over all of them: 350 NMC in 73 images, 48 in TPBs, 136 with concurrent channels.
It gives no recipe that a phantom could copy. So the three presets span what the paper's questions
are about, the abundance of TPBs and channels, with LCD < ECD < BLE in both:

LCD  little graphite, in clumps away from NMC and half debonded; SSE in grains with many pores.
     Few NMC touch graphite: transport of electrons and ions is limited.
ECD  more graphite and a continuous SSE: many NMC have both neighbours, yet thick flakes that lie
     in clumps and debond keep TPBs few.
BLE  the best blended: thin short flakes, most of them on NMC surfaces, well bonded, few pores.
"""

from types import MappingProxyType

from phantom.parameters import MicrostructureParameters
from schema.errors import InputError

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

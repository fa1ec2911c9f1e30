"""Options of an ingest: what cannot be meant is refused in the units it was given in."""

import pytest

from cathograph.ingest.options import IngestOptions, Source
from cathograph.schema.errors import InputError

PHASES = "0=background,1=NMC"


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"pixel_size_um": -0.005}, "--pixel-size-nm -5;"),
        ({"pixel_size_um": 0.0}, "--pixel-size-nm 0;"),
        ({"pixel_size_um": float("nan")}, "--pixel-size-nm nan;"),
        ({"local_channel_path_um": -1.0}, "--channel-path-um -1;"),
        ({"min_size_px": 0}, "--min-size-px 0;"),
        ({"radius_px": 51}, "--radius-px 51;"),
        ({"uncertainty_passes": 8}, "--uncertainty with --as phases;"),
    ],
)
def test_a_number_that_cannot_be_meant_is_refused(changed, found):
    with pytest.raises(InputError, match=f"Found {found}"):
        IngestOptions(Source.PHASES, PHASES, **({"pixel_size_um": 0.05} | changed))

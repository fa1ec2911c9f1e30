"""The ``beamtime.yaml`` that a user starts from."""

import os
from pathlib import Path

from cathograph.ingest.service.rules import RULES_FILE
from cathograph.schema.errors import InputError

TEMPLATE = r"""# What the files of this folder are. `cathograph watch` reads it; docs/service.md explains it.
# The first entry whose pattern fits a file decides. A pattern is a glob (*_label.tif) or a regular
# expression ((?P<field>\d+)_label\.tif). {stem} is the file's name without its suffix; {field} and other
# named groups of the pattern may be used in sample, image, cathode and phases.
# Files that give the same sample and image belong together: labels, grey image, energy map of one field.

beamtime: my-beamtime        # its proposal or campaign identifier
pixel_size_nm: 50            # leave out where the files state it

files:
  - pattern: (?P<field>.+)_label\.tiff?
    as: phases               # image, phases, regions or energy-map
    phases: 0=background,1=NMC,2=SSE,3=Graphite
    sample: "{field}"
    image: "{field}"
    # cathode: LCD

  - pattern: (?P<field>.+)_energy\.tiff?
    as: energy-map
    sample: "{field}"
    image: "{field}"

  # Grey images are segmented where a field has no labels.
  # - pattern: "*.tif"
  #   as: image
  #   sample: "{stem}"
  #   segmenter_params: {phases_by_grey: "SSE,Graphite,NMC"}
  # The same by a trained model:
  #   segmenter: unet
  #   segmenter_params: {model: default}
  #   uncertainty: 8       # passes that tell how sure it is
"""


def write_template(folder: Path) -> Path:
    """Write the template into a folder, which is made when it is missing; never over a file that is there.

    Raises
    ------
    InputError
        When there are rules already, or the folder cannot be written to.
    """
    path = folder / RULES_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Exclusive: of two commands at once one writes. A link that leads nowhere is refused, too.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError as error:
        msg = f"Found {path} already; expected none, it would be overwritten. Edit it, or move it away first."
        raise InputError(msg) from error
    except OSError as error:
        msg = (
            f"Found {folder} not writable ({error.strerror}); expected a folder with room. Name another one."
        )
        raise InputError(msg) from error
    return path

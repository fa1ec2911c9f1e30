"""The ``beamtime.yaml`` that a user starts from; its list of options is made from their models."""

import os
import textwrap
from collections.abc import Collection, Mapping
from pathlib import Path

from cathograph.ingest.options import IngestOptions, MapOptions, Options, StateMethod
from cathograph.ingest.options.model import default_of, range_of
from cathograph.ingest.service.rules import OWN_KEYS, RULES_FILE
from cathograph.schema.errors import InputError

_HEAD = r"""# What the files of this folder are. `cathograph watch` reads it; docs/service.md explains it.
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
  #   segmenter: {model: default}   # or the name of a painted model
  #   uncertainty: 8
"""


def option_lines(*models: type[Options], without: Collection[str] = ()) -> list[str]:
    """Write the options of models as comment lines of ``beamtime.yaml``: key, default, meaning and range.

    Parameters
    ----------
    *models : type
        Models, in order.
    without : collection of str
        Keys to leave out.
    """
    lines = []
    for model in models:
        for name, key in model.keys().items():
            if key in without:
                continue
            field = model.model_fields[name]
            limits = range_of(field)
            text = f"{field.description}{f' ({limits})' if limits else ''}"
            first = f"#   {key}: {_as_yaml(default_of(field))}"
            lines += textwrap.wrap(
                text, 110, initial_indent=f"{first:<39}# ", subsequent_indent=f"#{'':<38}# "
            )
    return lines


def _as_yaml(value: object) -> str:
    """Write a default as YAML; nothing for none."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return f"[{', '.join(f'{each:g}' for each in value)}]"
    if isinstance(value, Mapping):
        return "{}"
    return str(value).lower() if isinstance(value, bool) else str(value)


TEMPLATE = "\n".join(
    [
        _HEAD,
        "# Every option of an entry that reads an image, with its default:",
        *option_lines(IngestOptions, without=OWN_KEYS),
        "# Of an entry that reads an energy map:",
        *option_lines(MapOptions, StateMethod),
        "",
    ]
)


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
        # Exclusive: of two commands at the same time only one writes. A link to nowhere is refused, too.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError as error:
        msg = f"Found {path} already; expected none, because it would be overwritten. Edit it, or move it away first."
        raise InputError(msg) from error
    except OSError as error:
        msg = (
            f"Found {folder} not writable ({error.strerror}); expected a folder with room. Name another one."
        )
        raise InputError(msg) from error
    return path

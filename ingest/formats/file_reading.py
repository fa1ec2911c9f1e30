"""How a file is read, as facts for people and for scripts: the same for `inspect` and for a dry run of `ingest`."""

from dataclasses import asdict, dataclass
from typing import Any

from cathograph.ingest.formats.opened_image import StoredImage
from cathograph.ingest.formats.pixel_size import NONE_STATED

BY_LENGTH = "the file names none; their lengths decide"
AS_STORED = "as stored"


@dataclass(frozen=True)
class FileReading:
    """What becomes of the pixels of one file.

    Attributes
    ----------
    format
        In words.
    dataset
        Array or image inside the file; None where the file is the image.
    pages
        2D images, or slices of a volume.
    height_px, width_px
        Size of each.
    dtype
        Type of the pixels as they are read.
    bits
        Of a stored pixel, in words.
    axes
        Names of the stored axes, in their order.
    channel
        Name or number of the channel that is read; None where none was chosen.
    pixel_size_um
        Edge of a pixel in µm, None where the file states none.
    pixel_size
        The same in words, with where it stands, or what was found instead.
    depth_ratio
        Distance of two slices over the edge of a pixel; None where not stated.
    filters
        Compression and filters.
    orientation
        Whether rows and columns are turned.
    unwritten
        Parts that nobody wrote and that read as the fill value; None where there are none.
    lossy
        What compression does to the values; None where they are exact.
    black_value
        Value that is black where 0 is white; None where higher is brighter.
    notes
        What the user should know.
    """

    format: str
    dataset: str | None
    pages: int
    height_px: int
    width_px: int
    dtype: str
    bits: str
    axes: str
    channel: str | None
    pixel_size_um: float | None
    pixel_size: str
    depth_ratio: float | None
    filters: str
    orientation: str
    unwritten: str | None
    lossy: str | None
    black_value: int | None
    notes: tuple[str, ...]

    @classmethod
    def of(cls, stored: StoredImage) -> "FileReading":
        """Collect the facts of an opened image."""
        facts = stored.metadata
        return cls(
            format=facts.get("format", "image"),
            dataset=facts.get("dataset"),
            pages=stored.shape[0] if len(stored.shape) == 3 else 1,
            height_px=int(stored.shape[-2]),
            width_px=int(stored.shape[-1]),
            dtype=str(stored.dtype),
            bits=facts.get("bits", f"{8 * stored.dtype.itemsize} a pixel"),
            axes=facts.get("axes", BY_LENGTH),
            channel=stored.channel,
            pixel_size_um=stored.voxel.pixel_size_um,
            pixel_size=facts.get("pixel size", NONE_STATED),
            depth_ratio=stored.voxel.depth_ratio,
            filters=facts.get("compression", "none"),
            orientation=facts.get("orientation", AS_STORED),
            unwritten=facts.get("unwritten"),
            lossy=facts.get("lossy"),
            black_value=stored.black_value,
            notes=stored.notes,
        )

    def as_record(self) -> dict[str, Any]:
        """Give the facts as JSON."""
        return {**asdict(self), "notes": list(self.notes)}

    def lines(self) -> list[tuple[str, str]]:
        """Give the facts as names and texts, without the notes; what says nothing is left out."""
        pages = f"{self.pages} pages of " if self.pages > 1 else ""
        found = {
            "format": self.format,
            "dataset": self.dataset,
            "images": f"{pages}{self.height_px} × {self.width_px} pixels (y, x), {self.dtype}",
            "bits": self.bits,
            "axes": self.axes,
            "channel": self.channel,
            "pixel size": self.pixel_size,
            "depth": None
            if self.depth_ratio is None or self.pages == 1
            else f"slices lie {self.depth_ratio:.6g} pixel edges apart",
            "filters": self.filters,
            "orientation": self.orientation,
            "unwritten": self.unwritten,
            "lossy": self.lossy,
            "white": None if self.black_value is None else f"0 is white, {self.black_value} is black",
        }
        return [(name, text) for name, text in found.items() if text is not None]

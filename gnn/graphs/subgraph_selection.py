"""Which particles an export takes: by sample, cathode kind, image, by a query or by keys, with their surroundings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cathograph.queries.catalog import Query, adhoc_file
from cathograph.queries.reading.graph_columns import ExportedImage, exported_images, reached_keys
from cathograph.queries.reading.particle_keys import in_sight, keys_of_query
from cathograph.queries.server.connection import Connection
from cathograph.schema.composites import Composite
from cathograph.schema.errors import ParameterError, QueryError
from cathograph.schema.keys import particle_key, split_particle_key


@dataclass(frozen=True)
class SubgraphSelection:
    """What to export; the default is all there is. What is given holds together.

    Attributes
    ----------
    sample, image, cathode : str or None
        Only images of this sample, of this name, of samples of this cathode kind (in any case).
    query : Query or None
        Only the particles whose keys it returns, in its column ``key``; see `SubgraphSelection.from_file`.
    parameters : Mapping
        Parameters of `query`.
    keys : sequence of str or None
        Only the particles of these keys.
    hops : int
        With `query` or `keys`: also what is reached over that many contacts. 0 is the chosen particles alone.
    composite : str or None
        Only images of the composite of this name.
    edge : str or None
        Absorption edge of the targets, as in ``Co K``; needed where several were measured.
    edge_may_lack : bool
        Whether images are given without targets where that edge was not measured, as a prediction needs them.
    with_flagged : bool
        Whether flagged states are targets; else they have no value, like those that were not measured.

    Raises
    ------
    ParameterError
        When hops are given without particles, or are negative, or both keys and a query are given.
    """

    sample: str | None = None
    image: str | None = None
    cathode: str | None = None
    query: Query | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    keys: Sequence[str] | None = None
    hops: int = 0
    composite: str | None = None
    edge: str | None = None
    edge_may_lack: bool = False
    with_flagged: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        chosen = self.query is not None or self.keys is not None
        if self.query is not None and self.keys is not None:
            msg = "Found both keys and a query; expected one of them. Leave one out."
            raise ParameterError(msg)
        if self.hops < 0 or (self.hops and not chosen):
            msg = (
                f"Found hops {self.hops}{'' if chosen else ' without particles to start from'}; expected 0 or more, "
                "with a query or keys. Correct it, or give a query."
            )
            raise ParameterError(msg)

    @classmethod
    def from_file(
        cls,
        path: Path,
        *,
        parameters: Mapping[str, object] | None = None,
        hops: int = 0,
        sample: str | None = None,
        image: str | None = None,
        cathode: str | None = None,
        composite: str | None = None,
        edge: str | None = None,
        with_flagged: bool = False,
    ) -> "SubgraphSelection":
        """Take a file with one read-only Cypher query that returns particle keys in a column ``key``.

        Raises
        ------
        QueryError
            When the file cannot be read, or holds no query.
        """
        query = adhoc_file(path)
        return cls(
            sample,
            image,
            cathode,
            query,
            query.bind(parameters or {}),
            None,
            hops,
            composite,
            edge,
            with_flagged=with_flagged,
        )


@dataclass(frozen=True, eq=False)
class ChosenImage:
    """An image of a selection; `labels` and `selected` are None where all of its particles are chosen.

    Attributes
    ----------
    image : ExportedImage
        Which it is.
    labels : (n,) int64 or None
        Labels of the particles to export, ascending.
    selected : (k,) int64 or None
        Those of them that were asked for; the others are their neighbourhood.
    """

    image: ExportedImage
    labels: NDArray[np.int64] | None = None
    selected: NDArray[np.int64] | None = None


def choose(connection: Connection, selection: SubgraphSelection) -> list[ChosenImage]:
    """Find the images of a selection, and their particles where not all are meant.

    Raises
    ------
    QueryError
        When nothing is selected, the query gives no keys, or a key names no visible particle.
    """
    place = {
        "sample": selection.sample,
        "image": selection.image,
        "cathode": selection.cathode,
        "composite": selection.composite,
    }
    images_of = partial(
        exported_images, connection, **place, edge=selection.edge, edge_may_lack=selection.edge_may_lack
    )
    if selection.query is None and selection.keys is None:
        images = images_of()
        if not images:
            wanted = ", ".join(f"{name} {value!r}" for name, value in place.items() if value is not None)
            msg = (
                f"Found no image of {wanted or 'the store'}; expected some. `cathograph query images` lists what "
                "there is."
            )
            raise QueryError(msg)
        return [ChosenImage(each) for each in images]
    asked = _by_segmentation(_asked_keys(connection, selection))
    images = images_of(segmentations=list(asked))
    if not images:
        msg = (
            f"Found {sum(map(len, asked.values()))} particles selected, none of them in sample "
            f"{selection.sample or 'any'}, image {selection.image or 'any'}, cathode {selection.cathode or 'any'}, "
            f"composite {selection.composite or 'any'}; expected some. Loosen one of the conditions."
        )
        raise QueryError(msg)
    asked = {image.segmentation: asked[image.segmentation] for image in images}
    reached = asked
    for _ in range(selection.hops):
        before, reached = reached, _by_segmentation(reached_keys(connection, _keys(reached)))
        if reached == before:
            break
    return [
        ChosenImage(
            image,
            np.array(sorted(reached[image.segmentation]), dtype=np.int64),
            np.array(sorted(asked[image.segmentation]), dtype=np.int64),
        )
        for image in images
    ]


def only_dimension(chosen: Sequence[ChosenImage]) -> int:
    """Give the number of axes of the images, which must be the same.

    Raises
    ------
    ParameterError
        When there are images in 2D and in 3D.
    """
    dimensions = {each.image.ndim: each.image for each in chosen}
    if len(dimensions) > 1:
        msg = (
            f"Found image {dimensions[2].image!r} in 2D and {dimensions[3].image!r} in 3D; expected images of one "
            "kind, for areas and volumes do not make one feature. Select them apart (--sample, --image)."
        )
        raise ParameterError(msg)
    return next(iter(dimensions))


def only_composite(chosen: Sequence[ChosenImage]) -> Composite:
    """Give the composite of the images, which must be the same.

    Raises
    ------
    ParameterError
        When there are images of several composites, for their phases are the node types.
    """
    by_hash: dict[str, list[ExportedImage]] = {}
    for each in chosen:
        by_hash.setdefault(each.image.composite.sha256, []).append(each.image)
    if len(by_hash) > 1:
        found = " and ".join(
            f"{images[0].composite.name} (sha256 {sha256[:8]}, {len(images)} images, the first {images[0].image!r} of "
            f"sample {images[0].sample!r})"
            for sha256, images in by_hash.items()
        )
        msg = (
            f"Found images of {len(by_hash)} composites: {found}; expected those of one, for its phases are the node "
            "types. Select those of one (--composite NAME), or fewer images (--sample, --image); "
            "`cathograph query images` lists the composite of each."
        )
        raise ParameterError(msg)
    return chosen[0].image.composite


def _asked_keys(connection: Connection, selection: SubgraphSelection) -> list[str]:
    """Keys of the particles asked for, each known to be in sight."""
    if selection.query is None:
        return in_sight(connection, selection.keys or ())
    return in_sight(connection, keys_of_query(connection, selection.query, selection.parameters))


def _by_segmentation(keys: Sequence[str]) -> dict[str, set[int]]:
    """Labels of the particles, by segmentation: a particle's key is the two of them (`cathograph.schema.keys`)."""
    labels: dict[str, set[int]] = {}
    for key in keys:
        segmentation, label = split_particle_key(key)
        labels.setdefault(segmentation, set()).add(label)
    return labels


def _keys(labels: Mapping[str, set[int]]) -> list[str]:
    return [particle_key(segmentation, label) for segmentation, each in labels.items() for label in each]

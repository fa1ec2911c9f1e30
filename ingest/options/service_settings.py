"""The settings of the ingest service, as the user chooses them."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from cathograph.ingest.options.model import Option, Options
from cathograph.schema.errors import InputError

DAY_S = 86_400


class ServiceSettings(Options):
    """How the service works.

    Raises
    ------
    InputError
        When a number is out of its range.
    """

    workers: Annotated[
        int,
        Field(
            ge=0,
            le=4096,
            description="Files at a time; on a cluster 0, for as many as it has threads.",
        ),
        Option(),
    ] = 1
    scheduler: Annotated[
        str | None, Field(description="Dask scheduler, tcp://host:8786, to do the work on."), Option()
    ] = None
    once: Annotated[bool, Field(description="Work off what is there, then end."), Option()] = False
    events: Annotated[
        bool,
        Field(description="Listen to the operating system."),
        Option(flag="--poll", off="Only look, every --poll-s; for network shares without events."),
    ] = True
    poll_s: Annotated[
        float,
        Field(
            ge=0.1,
            le=DAY_S,
            description="Seconds between two looks through the folder when nothing is heard of it; 5 with --poll.",
        ),
        Option(),
    ] = 30.0
    settle_s: Annotated[
        float,
        Field(
            ge=0.1,
            le=3600,
            description="A file is complete when it has not changed for this many seconds.",
        ),
        Option(),
    ] = 5.0
    pause_s: Annotated[
        float,
        Field(
            ge=0.1,
            le=DAY_S,
            description="Seconds before another attempt; doubled each time, up to an hour.",
        ),
        Option(),
    ] = 10.0
    lease_s: Annotated[
        float,
        Field(
            ge=1,
            le=DAY_S,
            description="After this many seconds another service may take the job of one that was killed.",
        ),
        Option(),
    ] = 60.0
    stop_s: Annotated[
        float,
        Field(ge=0, le=3600, description="Seconds that running files are given when told to end."),
        Option(),
    ] = 60.0
    longest_pause_s: Annotated[float, Field(gt=0, description="Longest pause before another attempt.")] = (
        3600.0
    )

    @model_validator(mode="after")
    def _some_workers(self) -> Self:
        """Refuse no workers where the work is done here."""
        if self.workers == 0 and self.scheduler is None:
            msg = "Found `workers` 0 without a cluster; expected 1 to 4096. Correct it, or give `scheduler`."
            raise InputError(msg)
        return self

    def pause_after(self, attempts: int) -> float:
        """Seconds to wait after this many attempts.

        Examples
        --------
        >>> [ServiceSettings().pause_after(n) for n in (1, 2, 3, 20)]
        [10.0, 20.0, 40.0, 3600.0]
        """
        return min(self.longest_pause_s, self.pause_s * 2.0 ** min(attempts - 1, 40))

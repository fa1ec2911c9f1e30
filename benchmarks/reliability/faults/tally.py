"""What is counted of every fault, and how it is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Tally:
    """What became of one kind of fault.

    Attributes
    ----------
    fault : str
        What was done.
    times : int
        How often.
    lost : int
        Images that should be in the store and are not, or not as their files give them.
    doubled : int
        Segmentations, jobs or particles beyond one.
    half_visible : int
        Looks at the store that saw an image with other counts than it should have.
    tracebacks : int
        Outputs with a Python traceback in them, and readers that died of an error that is not ours.
    hangs : int
        Programs that did not end within their time.
    notes : list of str
        What else is worth knowing; empty when all went as it should.
    """

    fault: str
    times: int = 0
    lost: int = 0
    doubled: int = 0
    half_visible: int = 0
    tracebacks: int = 0
    hangs: int = 0
    looks: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, doubled, half visible, and nothing broke or hung."""
        return not (self.lost or self.doubled or self.half_visible or self.tracebacks or self.hangs)


def as_table(tallies: Sequence[Tally]) -> str:
    """Write tallies as a table of Markdown.

    Examples
    --------
    >>> print(as_table([Tally("a", times=2, looks=7)]))
    | fault | times | lost | doubled | half visible (of looks) | tracebacks | hangs |
    | --- | ---: | ---: | ---: | ---: | ---: | ---: |
    | a | 2 | 0 | 0 | 0 (7) | 0 | 0 |
    """
    lines = [
        "| fault | times | lost | doubled | half visible (of looks) | tracebacks | hangs |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for each in tallies:
        seen = f"{each.half_visible} ({each.looks})"
        numbers = (each.times, each.lost, each.doubled, seen, each.tracebacks, each.hangs)
        lines.append(f"| {each.fault} | {' | '.join(map(str, numbers))} |")
    return "\n".join(lines)

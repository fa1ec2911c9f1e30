"""One channel of an image that has several, chosen by its number from 0 or by its name.

Channels are detectors, stains, chemical components, or the colours of a picture: pictures of one
field, of which only one can be segmented. None is chosen unless the user says so.
"""

from collections.abc import Sequence
from pathlib import Path

from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

# Names of the samples of a colour image, by their number.
COLOURS = {2: ("grey", "alpha"), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "alpha")}
MOST_LISTED = 10


def choose_channel(path: Path, wanted: str, count: int, names: Sequence[str] = ()) -> int:
    """Return the number of the channel that the user means.

    Parameters
    ----------
    path
        File, for the message.
    wanted
        Number from 0, or a name in any case of its letters. A name counts before a number.
    count
        Channels that there are.
    names
        Their names, empty for those without; may be empty.

    Raises
    ------
    InputImageError
        When there is no such channel, or several have that name.

    Examples
    --------
    >>> choose_channel(Path("a.tif"), "Green", 3, COLOURS[3]), choose_channel(Path("a.tif"), "2", 3)
    (1, 2)
    """
    text = wanted.strip().casefold()
    named = [place for place, name in enumerate(names[:count]) if name and name.casefold() == text]
    if len(named) == 1:
        return named[0]
    if not named and text.isdecimal() and int(text) < count:
        return int(text)
    found = f"{len(named)} channels named {wanted!r}" if named else f"no channel {wanted!r}"
    msg = (
        f"{shown(path)}: found {found}; expected one of {channels_in_words(count, names)}. Correct `channel`."
    )
    raise InputImageError(msg)


def channel_name(number: int, names: Sequence[str] = ()) -> str:
    """Return what a channel is called: its name where the file has one of its own for it, else its number."""
    name = names[number] if number < len(names) else ""
    return name if name and list(names).count(name) == 1 else str(number)


def channels_in_words(count: int, names: Sequence[str] = ()) -> str:
    """List channels as the user may name them.

    Examples
    --------
    >>> channels_in_words(2, ("Ni", "Co"))
    '0 (Ni), 1 (Co)'
    """
    listed = [
        f"{number} ({names[number]})" if number < len(names) and names[number] else str(number)
        for number in range(min(count, MOST_LISTED))
    ]
    return ", ".join(listed) + (f" … {count - 1}" if count > MOST_LISTED else "")


def refuse_channel(path: Path, wanted: str, found: str) -> InputImageError:
    """Return the error for a file in which no channel can be chosen."""
    return InputImageError(
        f"{shown(path)}: found {found}; expected an axis of channels with `channel` {wanted}. Leave `channel` out."
    )

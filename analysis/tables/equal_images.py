"""Images with the same pixels, as a renamed file gives: their particles count more than once, and that is said."""

import pandas as pd


def describe_equal_images(images: pd.DataFrame) -> list[str]:
    """Say which images of a selection show the same field as another one of it.

    Parameters
    ----------
    images : DataFrame
        Rows of the query `images`.

    Returns
    -------
    list of str
        One sentence, or none.

    Examples
    --------
    >>> rows = pd.DataFrame({"sample": "s", "image": ["a", "b"], "same_pixels_as": ["s / b", "s / a"]})
    >>> describe_equal_images(rows)
    ['2 images have the same pixels as another one (s / a and s / b): these particles count more than once.']
    """
    names = images["sample"].astype(str) + " / " + images["image"].astype(str)
    equal = images["same_pixels_as"].isin(names)
    if not equal.any():
        return []
    first, other = names[equal].iloc[0], images.loc[equal, "same_pixels_as"].iloc[0]
    return [
        f"{int(equal.sum())} images have the same pixels as another one ({first} and {other}): these particles count "
        "more than once."
    ]

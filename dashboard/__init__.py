"""The pages a group opens in a browser. Layout only: numbers come from queries and analysis."""

if __name__ != "cathograph.dashboard":
    msg = f"Found an import of {__name__!r}; expected it under the one name 'cathograph.dashboard'."
    raise ImportError(msg)

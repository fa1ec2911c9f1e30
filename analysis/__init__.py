"""Statistics and figures as pure functions of tables and arrays."""

if __name__ != "cathograph.analysis":
    msg = f"Found an import of {__name__!r}; expected it under the one name 'cathograph.analysis'."
    raise ImportError(msg)

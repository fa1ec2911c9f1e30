"""The vocabulary: phases, node and relationship types, keys, errors. Pure Python."""

if __name__ != "cathograph.schema":
    msg = f"Found an import of {__name__!r}; expected it under the one name 'cathograph.schema'."
    raise ImportError(msg)

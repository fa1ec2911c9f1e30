"""Ours beside its rivals, in one run."""

if __name__ != "cathograph.benchmarks":
    msg = f"Found an import of {__name__!r}; expected it under the one name 'cathograph.benchmarks'."
    raise ImportError(msg)

"""Statistics and figures as pure functions of tables and arrays."""

from pathlib import Path

from cathograph.kernel_cache import have_kernel_cache

if __name__ != "cathograph.analysis":
    msg = f"Found an import of {__name__!r}; expected it under the one name 'cathograph.analysis'."
    raise ImportError(msg)

have_kernel_cache(Path(__file__).parent)

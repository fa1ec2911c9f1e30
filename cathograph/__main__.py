"""``python -m cathograph`` is the command ``cathograph``."""

from cathograph.cli import main

main()

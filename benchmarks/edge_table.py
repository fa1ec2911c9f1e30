"""Write the table of absorption edges from xraydb.

``python -m cathograph.benchmarks.edge_table schema/edges.csv``
"""

import sys
from pathlib import Path

KNOWN = (("Mn", "K"), ("Fe", "K"), ("Co", "K"), ("Ni", "K"))
"""Elements of battery composites whose edges our defaults were chosen for, by energy."""


def table_text() -> str:
    """Look the energies up and write them as CSV."""
    import xraydb

    rows = [f"{element},{edge},{xraydb.xray_edge(element, edge).energy}" for element, edge in KNOWN]
    return "\n".join(("element,edge,energy_ev", *rows)) + "\n"


def main() -> None:
    """Write the table to the given path, or to standard output."""
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(table_text(), encoding="utf-8")
    else:
        sys.stdout.write(table_text())


if __name__ == "__main__":
    main()

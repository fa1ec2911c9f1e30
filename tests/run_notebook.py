"""Run a notebook: ``python tests/run_notebook.py IN.ipynb OUT.ipynb``.

A program of its own, since the client leaves sockets behind when it ends. The kernel is spoken to through a file,
not through a port of this machine.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbclient
import nbformat
from jupyter_client.manager import KernelManager


def run_notebook(path: Path, result: Path) -> None:
    """Run all cells and write the notebook with their outputs; a cell that fails raises."""
    notebook = nbformat.read(path, 4)
    with TemporaryDirectory() as folder:
        manager = KernelManager(kernel_name="python3", transport="ipc", ip=f"{folder}/kernel")
        nbclient.NotebookClient(notebook, km=manager, timeout=120).execute(cwd=folder)
    nbformat.write(notebook, result)


if __name__ == "__main__":
    run_notebook(Path(sys.argv[1]), Path(sys.argv[2]))

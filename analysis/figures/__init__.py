"""The paper's figures, one folder each: from a table to a printed and an interactive figure.

In each folder, ``data`` prepares the figure, ``printed`` draws it with matplotlib, and ``interactive`` with Plotly. The
public names of a folder are in its ``__init__.pyi`` and are imported on first use, so that printing does not need
Plotly and a page does not need matplotlib. The modules next to the folders are shared by all figures.
"""

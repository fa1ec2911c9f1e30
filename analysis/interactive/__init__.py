"""Figures to hover over and zoom into, drawn with Plotly from `analysis.figure_data`.

Each function gives panels, rows of one figure each: a page puts them side by side, or below each other where it
is narrow. Colours and words are those of the files that `analysis.figures` draws.
"""

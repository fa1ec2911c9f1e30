"""What each figure shows, before anything draws it: its table, its numbers and its words.

`analysis.figures` (matplotlib, files) and `analysis.interactive` (Plotly, dashboard) both draw from
here, so a page and a report can only show the same thing; neither needs the other's library.
"""

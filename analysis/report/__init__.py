"""The report: all figures and tables of a store on one page."""

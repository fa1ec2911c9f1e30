"""Centralities and percolation of the contact graph."""

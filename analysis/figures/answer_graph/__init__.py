"""Nodes and relationships of a query's answer as a graph."""

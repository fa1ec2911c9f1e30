"""Readers: one small module per kind of file."""

"""Segmenters: from a grey image to a phase image, behind one small interface."""

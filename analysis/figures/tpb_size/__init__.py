"""Sizes and interface ratios of triple phase boundaries."""

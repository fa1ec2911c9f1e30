"""Tests and effect sizes, for particles and with images as clusters."""

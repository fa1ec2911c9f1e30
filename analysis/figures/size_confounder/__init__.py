"""Particle size against state: how much of a difference size explains."""

"""Particle size as a confounder: how much of a difference in states it explains."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)

"""The contacts and neighbours that drive a prediction of the graph network."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)

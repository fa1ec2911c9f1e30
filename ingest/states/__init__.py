"""Electrochemical states: an energy map laid over an image and summarised for each NMC particle."""

"""Two groups of particles side by side as boxes."""

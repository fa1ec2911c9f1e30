"""Edge energies of the pixels of one image or particle."""

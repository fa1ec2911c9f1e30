"""Edge-energy maps from stacks of absorbance images: normalisation, three methods, quality, registration."""

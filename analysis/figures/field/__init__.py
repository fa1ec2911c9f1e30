"""One image: regions, graph and TPBs drawn over the picture."""

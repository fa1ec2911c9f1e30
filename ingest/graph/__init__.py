"""The particle graph of one label image: contacts, junctions, TPBs, channels and nearest particles."""

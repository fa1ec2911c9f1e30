"""The pages, one module each, with one function ``page`` that lays it out."""

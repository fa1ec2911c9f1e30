"""The paper's figures, one module a family: a table in, a figure and the table behind it out."""

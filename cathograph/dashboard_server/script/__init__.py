"""The script that Streamlit runs, in a folder of its own.

Streamlit puts a script's folder before all others on the path of imports, and would take a folder ``pages`` beside it
for pages of its older kind.
"""

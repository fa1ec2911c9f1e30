"""Every Cypher file, the connection, the typed runner. The only room that knows the driver."""

if __name__ != "cathograph.queries":
    msg = f"Found an import of {__name__!r}; expected it under the one name 'cathograph.queries'."
    raise ImportError(msg)

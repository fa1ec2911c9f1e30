"""The one exception tree. Every message says what was found, what was expected, what to do next.

::

    CathographError
    ├── InputError             what the user handed in cannot be used as it is
    │   ├── InputImageError    a file: unreadable, truncated, wrong dtype or shape, no pixel size
    │   ├── PhaseMapError      phase map missing, malformed, or not fitting the image
    │   └── CompositeError     a composite that cannot make a graph
    ├── SegmentationError      a segmenter cannot work on this image, or returned something wrong
    ├── RowError               a row that breaks the data model; nothing of its image is written
    ├── QueryError             a query that cannot be run as asked
    │   ├── UnknownQuery
    │   ├── ParameterError     missing, unknown or ill-typed parameter
    │   ├── WriteRefused       the query would change or reach outside the store
    │   └── QueryTimeout
    ├── DatabaseError          the server
    │   ├── CannotConnect
    │   ├── LocalServerError   the local server cannot be started, stopped, dumped or restored
    │   └── SchemaOutdated     the store was written by a newer Cathograph
    ├── ModelError             a trained model: damaged, made for other features or phases, or a split that leaks
    ├── OutputError            a result cannot be written: standard output is closed or full
    ├── DashboardError         the dashboard cannot be started, or ended by itself
    │   └── StrokesChanged     somebody else has painted on the image meanwhile
    └── MissingExtra           an optional dependency is not installed

Foreign errors (driver, tifffile, h5py, …) are translated where they enter, with ``raise … from``.
"""


class CathographError(Exception):
    """Root of all errors that Cathograph raises on purpose."""


class InputError(CathographError):
    """What the user handed in cannot be used as it is."""


class InputImageError(InputError):
    """A file cannot be read as the image it should be."""


class PhaseMapError(InputError):
    """The phase map is missing, malformed, or does not fit the image."""


class CompositeError(InputError):
    """A composite is malformed or cannot make a graph."""


class SegmentationError(CathographError):
    """A segmenter cannot work on this image, or returned something wrong."""


class RowError(CathographError):
    """A row breaks the data model. Nothing of its image is written."""


class QueryError(CathographError):
    """A query cannot be run as asked."""


class UnknownQuery(QueryError):  # noqa: N818  the names are those of the tree users read
    """No named query has this name."""


class ParameterError(QueryError):
    """A query parameter is missing, unknown or of the wrong type."""


class WriteRefused(QueryError):  # noqa: N818
    """The query would change the store or reach outside it."""


class QueryTimeout(QueryError):  # noqa: N818
    """The query ran longer than its limit and was ended."""


class DatabaseError(CathographError):
    """The database server refused or failed."""


class CannotConnect(DatabaseError):  # noqa: N818
    """No server answers, or it refuses the credentials."""


class LocalServerError(DatabaseError):
    """The local server cannot be started, stopped, dumped or restored."""


class SchemaOutdated(DatabaseError):  # noqa: N818
    """The store was written by a newer Cathograph than this one."""


class ModelError(CathographError):
    """A trained model cannot be used as asked, or a split would make its test worthless."""


class OutputError(CathographError):
    """A result cannot be written where it should go."""


class DashboardError(CathographError):
    """The dashboard cannot be started, or ended by itself."""


class StrokesChanged(DashboardError):  # noqa: N818
    """Somebody else has painted on the image meanwhile; nothing is overwritten."""


class MissingExtra(CathographError):  # noqa: N818
    """An optional dependency is not installed."""

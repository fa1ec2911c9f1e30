"""Files that a stack is made from: what each is for, and how it looked before anything was read."""

from dataclasses import dataclass
from pathlib import Path

from cathograph.ingest.formats.file_state import FileState, hash_of_bytes, look_at, require_unchanged


@dataclass(frozen=True)
class SourceFile:
    """A file of the user.

    Attributes
    ----------
    role : str
        What it is for: ``stack``, ``energies``, ``flats``, ``darks``, ``layout`` or ``references``.
    path
        The file, or the folder of a Zarr store.
    state
        Its size and time when it was opened.
    """

    role: str
    path: Path
    state: FileState

    @classmethod
    def at(cls, role: str, path: Path) -> "SourceFile":
        """Look at a file that is about to be read.

        Raises
        ------
        InputImageError
            When there is none.
        """
        return cls(role, path, look_at(path))

    def require_unchanged(self) -> None:
        """Refuse the file when it is no longer what it was.

        Raises
        ------
        InputImageError
            When its size or time differ.
        """
        require_unchanged(self.path, self.state)

    def as_record(self) -> dict[str, str]:
        """Return role, name and SHA-256, of the bytes that were read and no later ones.

        Raises
        ------
        InputImageError
            When the file changed, or cannot be read.
        """
        digest = hash_of_bytes(self.path)
        self.require_unchanged()
        return {"role": self.role, "file": self.path.name, "sha256": digest}

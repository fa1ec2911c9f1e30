"""Standard output and standard error as commands write to them: terminals, pipes, full disks, any encoding.

Whoever reads our output may stop (``| head``), which is no fault: the command ends quietly. A result that cannot be
written, because the stream is closed or its disk is full, is an error. Messages that cannot be written stop nothing.
"""

import errno
import os
import sys
from typing import IO, TextIO, cast

from cathograph.schema.errors import OutputError


class StandardStream:
    """One of the two streams, looked up at each use: tests and notebooks exchange them.

    Parameters
    ----------
    name : {"stdout", "stderr"}
        Which.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def encoding(self) -> str:
        """Its encoding; rich chooses its lines by it."""
        return getattr(self._stream(), "encoding", None) or "utf-8"

    @property
    def takes_all_characters(self) -> bool:
        """Whether its encoding has every character."""
        return self.encoding.lower().replace("-", "").replace("_", "").startswith("utf")

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        stream = self._stream()
        try:
            return stream is not None and stream.isatty()
        except ValueError:  # closed
            return False

    def fileno(self) -> int:
        """Its number at the operating system."""
        stream = self._stream()
        if stream is None:
            raise OSError(errno.EBADF, "closed")
        return stream.fileno()

    def write(self, text: str) -> int:
        r"""Write a text; a character that the encoding lacks is written as ``\xb5``."""
        try:
            stream = self._opened()
            try:
                return stream.write(text)
            except UnicodeEncodeError:
                escaped = text.encode(self.encoding, "backslashreplace").decode(self.encoding)
                return stream.write(escaped)
        except (OSError, ValueError) as error:
            self._cannot(error)
        return len(text)

    def write_bytes(self, content: bytes) -> None:
        """Write bytes, after the text so far."""
        self.flush()
        try:
            cast("TextIO", self._opened()).buffer.write(content)
        except (OSError, ValueError) as error:
            self._cannot(error)

    def flush(self) -> None:
        """Hand what is written to the operating system."""
        stream = self._stream()
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError) as error:
            self._cannot(error)

    def _stream(self) -> IO[str] | None:
        found: IO[str] | None = getattr(sys, self._name)
        # While a progress bar is shown, rich puts a stream of its own there, which is no terminal.
        return getattr(found, "rich_proxied_file", found)

    def _opened(self) -> IO[str]:
        stream = self._stream()
        if stream is None:
            raise OSError(errno.EBADF, "closed")
        return stream

    def _cannot(self, error: OSError | ValueError) -> None:
        """End quietly when the reader has gone; else say so of results, and pass over messages."""
        if isinstance(error, BrokenPipeError):
            self._discard()
            raise SystemExit(0) from error
        if self._name == "stderr":
            return
        self._discard()
        reason = getattr(error, "strerror", None) or str(error)
        msg = (
            f"Found standard output unusable ({reason}); expected room for the result. Write it to a file with room "
            "(most commands have --out), or run the command again."
        )
        raise OutputError(msg) from error

    def _discard(self) -> None:
        """Let what is still buffered go nowhere: the interpreter would try to write it once more at its end."""
        stream = self._stream()
        if stream is None:
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError):  # a stream of a test or a notebook, which has no number
            return
        finally:
            os.close(nowhere)


def read_standard_input() -> bytes:
    """Read all of standard input; a closed one is empty, and one of a test or a notebook may hold text alone."""
    if sys.stdin is None:
        return b""
    binary = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read().encode() if binary is None else bytes(binary.read())


standard_output = StandardStream("stdout")
standard_error = StandardStream("stderr")

"""From a watched folder to the jobs that its files are, look by look.

Files are hashed a few at a time, so that the first job begins before the last file is read, and each only once
while it stays as it is. While the rules cannot be read there are no jobs.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cathograph.ingest.formats.file_state import FileState, hash_of_bytes
from cathograph.ingest.service.arrivals import Arrivals, Listing
from cathograph.ingest.service.groups import FileGroup, JobSpec, ReadFile, group_files, make_job, refused_job
from cathograph.ingest.service.rules import RULES_FILE, BeamtimeRules, Match, read_rules
from cathograph.schema.errors import InputError, InputImageError

_SLICE_S = 0.5
Say = Callable[[str], None]


@dataclass(frozen=True)
class InboxStatus:
    """What of the folder is no job.

    Attributes
    ----------
    waiting : tuple of str
        Why files are not a job yet; one line each.
    unmatched : int
        Files that fit no entry of the rules.
    is_settled : bool
        Every file was seen to stand still, and all that can be a job is one.
    """

    waiting: tuple[str, ...]
    unmatched: int
    is_settled: bool


@dataclass(frozen=True)
class _Made:
    """A job, and what it was made from: while that is the same, so is the job."""

    group: FileGroup
    states: tuple[FileState | None, ...]
    spec: JobSpec


class Inbox:
    """Makes jobs of the files of a folder.

    Parameters
    ----------
    folder : Path
        Watched folder, with its rules in it.
    settle_s : float
        Seconds that a file must stand still.
    say : callable
        Called with one line about what the user should know, once.

    Raises
    ------
    InputError
        When there is no such folder, or its rules cannot be meant.
    """

    def __init__(self, folder: Path, *, settle_s: float, say: Say) -> None:
        if not folder.is_dir():
            msg = f"Found no folder {folder}; expected the folder to watch. Make it, or name another."
            raise InputError(msg)
        self.folder = folder.absolute()
        self._say = say
        self._said: set[str] = set()
        self._arrivals = Arrivals(self.folder, settle_s=settle_s)
        self._rules: BeamtimeRules | None = read_rules(self.folder)
        self._rules_state = self._look_at_rules()
        self._listing = Listing()
        self._matches: dict[str, Match | None] = {}
        self._groups: list[FileGroup] = []
        self._unmatched = 0
        self._hashed: dict[str, ReadFile] = {}
        self._unreadable: dict[str, str] = {}
        self._made: dict[tuple[str, str], _Made] = {}
        self._refused: list[JobSpec] = []

    @property
    def jobs(self) -> dict[str, JobSpec]:
        """The jobs that the files now are, by identifier."""
        return {spec.id: spec for spec in (*(made.spec for made in self._made.values()), *self._refused)}

    def look(self) -> None:
        """Look through the folder: what is new, what has gone, what belongs together."""
        self._refresh_rules()
        self._listing = self._arrivals.look(self._takes_folder)
        self._unreadable = {}
        for what in self._listing.unreadable:
            self._say_once(f"Found {what}; expected to list it. It is tried again.")
        if self._rules is None:
            return
        files = self._listing.files
        known = self._matches
        matches = self._matches = {
            name: known[name] if name in known else self._rules.match(name)
            for name in (*files, *self._listing.refused)
        }
        self._unmatched = sum(match is None for match in matches.values())
        self._refused = [
            refused_job(name, reason, match, self.folder)
            for name, reason in self._listing.refused.items()
            if (match := matches[name]) is not None
        ]
        self._groups = group_files(
            [match for name, match in matches.items() if name in files and match is not None],
            self._listing.complete,
        )
        self._hashed = {name: file for name, file in self._hashed.items() if files.get(name) == file.state}
        now = {(group.sample, group.image): group for group in self._groups}
        self._made = {
            place: made
            for place, made in self._made.items()
            if place in now and made.group == now[place] and made.states == self._states(made.group)
        }

    def _takes_folder(self, name: str) -> bool:
        """Tell whether an entry of the rules is about a folder as a whole."""
        return self._rules is not None and self._rules.match(name) is not None

    def work(self) -> None:
        """Hash some files and make jobs of the groups that are complete; takes about half a second."""
        until = time.monotonic() + _SLICE_S
        for group in self._to_do():
            if self._rules is None or time.monotonic() > until:
                return
            if all(self._hash(name) for name in group.files):
                spec = make_job(group, self._rules, self.folder, self._hashed)
                self._made[group.sample, group.image] = _Made(group, self._states(group), spec)

    @property
    def status(self) -> InboxStatus:
        """What is no job."""
        waiting = [group.waits_for for group in self._groups if group.waits_for is not None]
        waiting += self._unreadable.values()
        if self._rules is None:
            waiting.append(f"{RULES_FILE} cannot be read")
        growing = any(
            state.size > 0 and name not in self._listing.complete
            for name, state in self._listing.files.items()
        )
        return InboxStatus(tuple(waiting), self._unmatched, not growing and not self._to_do())

    def _to_do(self) -> list[FileGroup]:
        return [
            group
            for group in self._groups
            if group.waits_for is None
            and (group.sample, group.image) not in self._made
            and not any(name in self._unreadable for name in group.files)
        ]

    def _states(self, group: FileGroup) -> tuple[FileState | None, ...]:
        table = group.main.phase_table if group.main else None
        names = [*group.files, *([table] if table else [])]
        return tuple(self._listing.files.get(name) for name in names)

    def _hash(self, name: str) -> bool:
        """Hash a file that is not hashed; False when it cannot be read now."""
        if name in self._hashed:
            return True
        state = self._listing.files[name]
        try:
            self._hashed[name] = ReadFile(name, state, hash_of_bytes(self.folder / name))
        except InputImageError as error:
            # Locked, growing again, gone: until the next look.
            self._unreadable[name] = " ".join(str(error).split())
            self._say_once(f"{self._unreadable[name]} It is tried again.")
            return False
        return True

    def _refresh_rules(self) -> None:
        state = self._look_at_rules()
        if state == self._rules_state and self._rules is not None:
            return
        changed, self._rules_state = state != self._rules_state, state
        self._matches = {}
        try:
            self._rules = read_rules(self.folder)
        except InputError as error:
            self._rules = None
            self._made, self._groups, self._refused = {}, [], []
            self._say_once(f"{error} Nothing new is begun until then.")
        else:
            self._made = {}
            self._say(f"Read {RULES_FILE} again{', it was changed' if changed else ''}.")

    def _look_at_rules(self) -> FileState | None:
        try:
            status = (self.folder / RULES_FILE).stat()
        except OSError:
            return None
        return FileState.of(status)

    def _say_once(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self._say(line)

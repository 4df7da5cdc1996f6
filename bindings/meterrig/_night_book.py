"""The book of nights: which runs each night made, what came of them, and what was removed."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

from ._night_config import Config, Entry
from ._stored import record_of
from .errors import Error, UserError

#: Nights that later ones may be compared with.
GOOD = ("good", "first")
#: Nights whose values were measured, so that they are drawn.
MEASURED = (*GOOD, "regression", "undecided", "unfit")
#: What the program writes beside its store, and makes anew when asked.
_MADE_FROM_A_RUN = (("records", "json"), ("reports", "html"), ("plots", "json"), ("dossiers", "json"))
_STAMP = "%Y-%m-%dT%H:%M:%SZ"


class Past(NamedTuple):
    """A run of an earlier night."""

    night: int
    run: str
    data: Path
    status: str


def now() -> str:
    """UTC, to the second."""
    return datetime.datetime.now(datetime.timezone.utc).strftime(_STAMP)


class Book:
    """Lines of ``nights.jsonl`` in the output folder. One nightly run at a time may have it open."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.folder = config.output
        self.file = self.folder / "nights.jsonl"
        self.lines: list[dict[str, Any]] = []

    @contextlib.contextmanager
    def opened(self) -> Iterator["Book"]:
        """Raises UserError when another nightly run has it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / ".lock", "a", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as wrong:
                raise UserError(f"another nightly run is under way in {self.folder}; wait for its end") from wrong
            self.lines = self._read()
            yield self

    def _read(self) -> list[dict[str, Any]]:
        text = self.file.read_text(encoding="utf-8") if self.file.exists() else ""
        # A line without its end was torn by a loss of power: that night did not come to its end.
        whole = text[: text.rfind("\n") + 1]
        if len(whole) < len(text):
            os.truncate(self.file, len(whole.encode()))
        lines = []
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                lines.append(json.loads(line))
            except json.JSONDecodeError as wrong:
                raise UserError(f"{self.file}:{number}: {wrong.msg}; expected the line of a night as JSON") from wrong
        others = {line["id"] for line in lines} - {self._config.id}
        if others:
            whose = f"{self.folder} belongs to the nightly run {others.pop()!r}"
            raise UserError(f"{whose}; give {self._config.id!r} a folder of its own")
        return lines

    @property
    def next_night(self) -> int:
        """From 1."""
        return max((line["night"] for line in self.lines), default=0) + 1

    def night_folder(self, night: int) -> Path:
        """Where the page of a night lies."""
        return self.folder / f"night-{night:06}"

    def append(self, line: dict[str, Any]) -> None:
        """Durable when it returns; from then on the night counts."""
        _append(self.file, line)
        self.lines.append(line)
        link, fresh = self.folder / "latest", self.folder / ".latest"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self.night_folder(line["night"]).name)
        os.replace(fresh, link)

    # --- runs of earlier nights ---------------------------------------------------------------------------------------

    def past(self, name: str) -> list[Past]:
        """Of one plan, oldest first; a run that was made again, as on the virtual clock, counts once."""
        found: dict[str, Past] = {}
        for line in self.lines:
            own = line["runs"].get(name)
            if own and own["run"]:
                found[own["run"]] = Past(line["night"], own["run"], Path(line["data"]), own["status"])
        return sorted(found.values())

    def pinned(self, entry: Entry, data: Path) -> Optional[Past]:
        """The run that the configuration names as the baseline. Raises UserError when no store has it."""
        if entry.baseline is None:
            return None
        for past in self.past(entry.name):
            if past.run.startswith(entry.baseline):
                return past
        for store in [data, *self._months()]:
            with contextlib.suppress(UserError):
                return Past(0, str(record_of(entry.baseline, store)["run"]), store, "good")
        raise UserError(f"{entry.name}: the baseline {entry.baseline!r} is in no store under {self._config.data}")

    def baseline(self, entry: Entry, data: Path) -> Optional[tuple[Past, dict[str, Any]]]:
        """The pinned run, else that of the last good night that is still stored; with its record."""
        pinned = self.pinned(entry, data)
        candidates = [pinned] if pinned else [past for past in reversed(self.past(entry.name)) if past.status in GOOD]
        for past in candidates:
            with contextlib.suppress(*([] if pinned else [Error])):
                return past, record_of(past.run, past.data)
        return None

    def looked_back(self, entry: Entry, data: Path, today: str) -> list[Past]:
        """The last nights whose values today's are held against; from the pinned run on, where there is one."""
        pinned = self.pinned(entry, data)
        past = [one for one in self.past(entry.name) if one.status in MEASURED and one.run != today]
        if pinned:
            past = [
                one._replace(status="good") if one.run == pinned.run else one
                for one in past
                if one.night >= pinned.night
            ]
        return past[-self._config.nights :]

    # --- retention ----------------------------------------------------------------------------------------------------

    def tidy(self, kept: set[int]) -> list[str]:
        """Removes what the configuration lets go; gives what was removed. ``kept``: nights of this one's baselines."""
        if self._config.keep_nights is None:
            return []
        kept = kept | {past.night for entry in self._config.all_entries for past in self._needed(entry)}
        before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=self._config.keep_days)
        limit = before.strftime(_STAMP)
        beyond = self.lines[: -self._config.keep_nights]
        old = [line for line in beyond if line["began"] < limit and line["night"] not in kept]
        living = {run for line in self.lines if line not in old for run in _runs(line)}
        removed = []
        for line in old:
            removed += self._remove(self.night_folder(line["night"]), f"night {line['night']} is beyond the retention")
            # What the store can give again. Papers of real meters stay.
            for run in _runs(line, simulated=True) - living:
                for kind, ending in _MADE_FROM_A_RUN:
                    file = Path(line["data"]) / kind / f"{run}.{ending}"
                    removed += self._remove(file, f"made from run {run}, which is stored")
        for month in self._months() if self._config.by_month else []:
            if self._is_over(month, old):
                removed += self._remove(month, "a store of virtual runs alone, all beyond the retention")
        return removed

    def _needed(self, entry: Entry) -> list[Past]:
        """The last good run, and those that control limits come from."""
        past = self.past(entry.name)
        return [one for one in past if one.status in GOOD][-1:] + past[-self._config.nights :]

    def _months(self) -> list[Path]:
        return sorted(self._config.data.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]"))

    def _is_over(self, month: Path, old: Sequence[Mapping[str, Any]]) -> bool:
        """Nothing is in the store but virtual runs of nights that may go."""
        lines = [line for line in self.lines if Path(line["data"]) == month]
        if not lines or not all(line in old for line in lines):
            return False
        return stored_runs(month) <= {run for line in lines for run in _runs(line, simulated=True)}

    def _remove(self, path: Path, why: str) -> list[str]:
        """The only place that removes anything; written down before it is done."""
        if not path.exists():
            return []
        _append(self.folder / "removed.jsonl", {"t": now(), "path": str(path), "why": why})
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        return [str(path)]


def _runs(line: Mapping[str, Any], simulated: Optional[bool] = None) -> set[str]:
    """The ids of a night's runs: of all, or of those that are simulated."""
    runs = line["runs"].values()
    return {own["run"] for own in runs if own["run"] and simulated in (None, own["simulated"])}


def stored_runs(data: Path) -> set[str]:
    """The ids of all runs of a store."""
    from . import _program_file

    command = [str(_program_file()), "results", "list", "--json", "--data", str(data)]
    listed = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if listed.returncode != 0:
        raise Error(listed.stderr.strip() or f"{data} can't be listed")
    return {run["run"] for run in json.loads(listed.stdout)}


def _append(file: Path, line: Mapping[str, Any]) -> None:
    with open(file, "a", encoding="utf-8") as out:
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
        out.flush()
        os.fsync(out.fileno())

"""Documents that a script has in memory, as the files that the engine reads."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional, Union

from .errors import UserError


class Files:
    """Keeps the files as long as it lives. A file's name says what it is, so that messages can be understood."""

    def __init__(self) -> None:
        self._folder: Optional["tempfile.TemporaryDirectory[str]"] = None
        self._count = 0

    def path(self, document: Union[str, "os.PathLike[str]", Mapping[str, Any]], kind: str) -> str:
        """The path or name as it is; a mapping is written out as JSON."""
        if isinstance(document, (str, os.PathLike)):
            text = os.fspath(document)
            if not text:
                raise UserError(f"found an empty {kind} file name; expected a path, a name under config/, or a dict")
            return text
        if not isinstance(document, Mapping):
            raise TypeError(f"found {document!r}; expected a path, a name under config/, or a dict for the {kind}")
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="meterrig-")
        self._count += 1
        file = Path(self._folder.name) / f"{kind}-{self._count}.json"
        try:
            file.write_text(json.dumps(document, ensure_ascii=False, indent=2, default=str), encoding="utf-8")
        except (TypeError, ValueError) as wrong:
            raise UserError(f"the {kind} can't be written as JSON: {wrong}") from wrong
        return str(file)

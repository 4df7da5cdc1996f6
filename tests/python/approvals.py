"""A run that is no simulation, for tests of approval: there is no rig here, so its journal is written by the test."""

import hashlib
import sqlite3
from pathlib import Path

from rigtools import meterrig

RUN = "20261121-real"


def real_run(data, run=RUN, rewrite=lambda text: text):
    """Rewrites the simulated run of the data folder as a real one, with a chain of its own, and seals it."""
    store = sqlite3.connect(Path(data) / "meterrig.sqlite")
    simulated, = store.execute("SELECT run FROM runs ORDER BY opened LIMIT 1").fetchone()
    texts = [text for text, in store.execute("SELECT bytes FROM events JOIN runs ON key = events.run WHERE runs.run = ?"
                                             " ORDER BY seq", (simulated,))]
    with store:
        opened, = store.execute("SELECT max(opened) + 1 FROM runs").fetchone()
        key = store.execute("INSERT INTO runs(run, opened, head_seq, head_hash) VALUES(?, ?, 0, x'')",
                            (run, opened)).lastrowid
        chain = hashlib.sha256(b"meterrig-journal-1\n" + run.encode()).digest()
        for number, text in enumerate(texts, 1):
            text = rewrite(text.replace('"simulated":true', '"simulated":false').replace(simulated, run))
            chain = hashlib.sha256(chain + text.encode()).digest()
            store.execute("INSERT INTO events(run, seq, bytes, hash) VALUES(?, ?, ?, ?)", (key, number, text, chain))
        store.execute("UPDATE runs SET head_seq = ?, head_hash = ? WHERE key = ?", (len(texts), chain, key))
    store.close()
    sealed = meterrig("results", "seal", run, cwd=Path(data).parent)
    assert sealed.returncode == 0, sealed.stderr
    return run

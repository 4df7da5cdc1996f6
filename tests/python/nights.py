"""Nights of a test: each in a folder of its own, each with another configuration if need be."""

import json
import subprocess
import sys

from rigtools import CONFIG, ENVIRONMENT, PACKAGE

PROGRAM = [sys.executable, "-B", "-m", "meterrig.nightly"]
EXAMPLE = CONFIG / "nightly" / "embedded.json"
ENV = {**ENVIRONMENT, "PYTHONPATH": str(PACKAGE)}
QUIESCENT = "CJT503-5.3.8/6.10"
GOLDEN = {"plan": "cjt503-auto", "only": ["5.3.8"]}


def plan(name="gas", **more):
    return {"name": name, "plan": "cjt503-auto", "only": ["5.3.8"], **more}


class Nights:
    """Nights in a folder of their own; each may have another configuration."""

    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "config.json"

    def write(self, *plans, **more):
        document = {"id": "test", "output": "out", "data": "data", "plans": list(plans), **more}
        self.config.write_text(json.dumps(document))

    def run(self, *plans, environment=ENV, **more):
        if plans:
            self.write(*plans, **more)
        return subprocess.run([*PROGRAM, self.config.name], cwd=self.folder, env=environment, capture_output=True,
                              text=True, timeout=120, check=False)

    def latest(self, name="night.json"):
        text = (self.folder / "out" / "latest" / name).read_text(encoding="utf-8")
        return json.loads(text) if name.endswith(".json") else text

    def book(self):
        return [json.loads(line) for line in (self.folder / "out" / "nights.jsonl").read_text().splitlines()]


def findings(document, weight):
    return [one for own in document["runs"] for one in own["findings"] if one["weight"] == weight]

"""`cmake --install` into a prefix: program, configuration and package find each other there."""

import json
import os
import subprocess
from pathlib import Path

from rigtools import ENVIRONMENT, PROGRAM

OWN = '''
import meterrig

@meterrig.procedure("LAB-1", title="voltage", needs=["power_supply"])
def voltage(st):
    st.power_supply.apply(3.0)
    st.measure("voltage", st.power_supply.voltage(), "V", between=(2.9, 3.1))

if __name__ == "__main__":
    print(meterrig.run(voltage).verdict, meterrig.__file__)
'''
PLAN = {"id": "own", "title": {"zh": "自定", "en": "own"}, "standard": "lab", "epoch": "2026-11-21T00:00:00Z",
        "default_rig": "embedded", "default_duts": ["wg25-r-1"], "clauses": ["LAB-1"]}


def test_installed_prefix(tmp_path):
    prefix = tmp_path / "prefix"
    subprocess.run(["cmake", "--install", str(Path(PROGRAM).parent), "--prefix", str(prefix)], check=True,
                   capture_output=True)
    assert not [path for path in prefix.rglob("*") if path.is_symlink()]
    work = tmp_path / "work"
    work.mkdir()
    (work / "own.py").write_text(OWN)
    (work / "plan.json").write_text(json.dumps(PLAN))
    clean = {key: value for key, value in ENVIRONMENT.items() if not key.startswith(("METERRIG", "PYTHONPATH"))}
    package = prefix / "lib" / "python3" / "dist-packages"
    said = subprocess.run(["/usr/bin/python3", "-B", "own.py"], cwd=work, env=clean | {"PYTHONPATH": str(package)},
                          capture_output=True, text=True, timeout=60, check=False)
    assert said.stdout.split() == ["pass", str(package / "meterrig" / "__init__.py")], said.stderr
    run = subprocess.run([prefix / "bin" / "meterrig", "run", "plan.json", "--procedures", "own.py"], cwd=work,
                         env=clean, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    report = next((work / "meterrig-data" / "reports").glob("*.html"))
    assert os.fspath(prefix) not in report.read_text() and "LAB-1" in report.read_text()

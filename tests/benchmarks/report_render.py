"""How long the report program takes for many samples.

report_render.py RECORD.json [PLOTS.json] takes a record of cjt503-auto, makes 48 samples with 40 clauses of it (its own
again under other ids, plots of the first ones with hashes of their own), and renders it in every form.
"""

import copy
import hashlib
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

RENDER = pathlib.Path(__file__).resolve().parents[2] / "reports" / "render.py"
SAMPLES, CLAUSES = 48, 40


def many(record, plots):
    """(record, plots) of many samples."""
    drawn = {}

    def own_hash(sample, evidence):
        name = "sha256:" + hashlib.sha256(f"{sample} {evidence}".encode()).hexdigest()
        if evidence in plots:
            drawn[name] = plots[evidence]
        return name

    duts = []
    for number in range(1, SAMPLES + 1):
        dut = copy.deepcopy(record["duts"][number % len(record["duts"])])
        dut.update(sample=number, serial=f"25R{number:06}", station=str(number))
        for one in dut["results"]:
            one["evidence"] = [own_hash(number, evidence) for evidence in one["evidence"]]
        measured = [one for one in dut["results"] if one["measurements"]]
        while len(dut["results"]) < CLAUSES:
            nth = len(dut["results"])
            again = copy.deepcopy(measured[nth % len(measured)])
            again.update(id=f"{again['id']}-{nth}", evidence=[])
            dut["results"].append(again)
        duts.append(dut)
    return {**record, "duts": duts}, drawn


def main():
    read = [json.loads(pathlib.Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:3]]
    record, drawn = many(read[0], read[1] if len(read) > 1 else {})
    values = sum(len(one["measurements"]) for dut in record["duts"] for one in dut["results"])
    print(f"{SAMPLES} samples, {CLAUSES} clauses, {values} values, {len(drawn)} waveforms")
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "record.json").write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
        (place / "plots.json").write_text(json.dumps(drawn), encoding="utf-8")
        for name, *words in (("report.html",), ("report.pdf",), ("record.xlsx",),
                             ("usage.xlsx", "--document", "equipment"), ("record.html", "--document", "record")):
            before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            subprocess.run(["/usr/bin/python3", RENDER, place / "record.json", "--plots", place / "plots.json", "-o",
                            place / name, *words], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(f"{name:12} {time.monotonic() - start:6.1f} s, {spent:6.1f} s of processor, "
                  f"{(place / name).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

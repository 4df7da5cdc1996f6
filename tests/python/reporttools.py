"""What the tests of the report program share: making a document, and reading it without the program's help."""

import copy
import hashlib
import json
import re
import subprocess

from rigtools import ENVIRONMENT, ROOT

RENDER = ROOT / "reports" / "render.py"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"


def squeezed(text):
    """Without blanks: a PDF breaks lines and cells where it likes."""
    return re.sub(r"\s+", "", text)


def rendered(record, output, *words, **more):
    """Made as the program makes it, with Debian's Python."""
    return subprocess.run(["/usr/bin/python3", RENDER, record, "-o", output, *map(str, words)], capture_output=True,
                          text=True, check=False, env={**ENVIRONMENT, **more}, timeout=60)


def made(record, output, *words, **more):
    ended = rendered(record, output, *words, **more)
    assert (ended.returncode, ended.stderr) == (0, "")
    return output


def pdf_pages(file, order="-layout"):
    """The text of each page: as it lies there, or with `-raw` in the order in which it was drawn."""
    text = subprocess.run(["pdftotext", order, file, "-"], capture_output=True, text=True, check=True).stdout
    return text.removesuffix("\f").split("\f")


def images_in(file):
    listed = subprocess.run(["pdfimages", "-list", file], capture_output=True, text=True, check=True).stdout
    return listed.splitlines()[2:]


def texts_of(page):
    """The words of a page, without its style and drawings."""
    body = re.sub(r"<(style|svg)\b.*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", body).replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'")


def of_a_rig(record):
    """A simulated record as if a real rig had made it."""
    real = copy.deepcopy(record)
    real.update(simulated=False, simulation=[])
    for one in real["instruments"]:
        one["simulated"] = False
    return real


def attached(folder, name, media_type, content, **more):
    """An attachment of a dossier; its bytes lie in the folder."""
    file = folder / hashlib.sha256(name.encode()).hexdigest()
    file.write_bytes(content)
    return {"name": name, "media_type": media_type, "sha256": "sha256:" + hashlib.sha256(content).hexdigest(),
            "caption": "", "sample": None, "id": None, "by": "Zhang", "t": "2026-11-22T01:00:00Z", "file": str(file),
            **more}


def act(number, kind, by, reason=None):
    return {"seq": number, "t": f"2026-11-22T{number:02}:00:00Z", "type": kind, "by": by, "reason": reason}


def dossier_of(record, **more):
    """That of an approved report."""
    head = record["journal"]["head"]
    events = record["journal"]["events"]
    text = f"meterrig-seal:1:{record['run']}:{events}:{head[7:]}:Ed25519:0123456789abcdef:{'Ab3_' * 21}Qw"
    seal = {"algorithm": "Ed25519", "key_id": "0123456789abcdef", "public_key": "302a", "signature": "Ab3_" * 21 + "Qw",
            "events": events, "head": head, "signed": "2026-11-22T00:30:00Z", "text": text}
    acts = [act(1, "tested", "Zhang San"), act(2, "reviewed", "Li Si"), act(3, "approved", "Wang Wu")]
    signatures = {one["type"]: {"by": one["by"], "t": one["t"]} for one in acts}
    return {"run": record["run"], "state": "approved", "number": "R-2026-001", "amendment": None, "seal": seal,
            "signatures": signatures, "acts": acts, "attachments": [], "corrections": [], **more}


def written(folder, record, dossier):
    """Both as files: the record, and the words that name the dossier."""
    (folder / "record.json").write_text(json.dumps(record))
    (folder / "dossier.json").write_text(json.dumps(dossier))
    return folder / "record.json", ("--dossier", folder / "dossier.json")

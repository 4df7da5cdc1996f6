"""What belongs to a closed run beside its record: seal, approval, amendment, attachments, corrections."""

import base64
import hashlib
import io
import json
import pathlib

import markupsafe

import legible

NOTHING = {"state": "open", "number": None, "amendment": None, "seal": None,
           "signatures": dict.fromkeys(("tested", "reviewed", "approved")), "acts": [], "attachments": [],
           "corrections": []}
SIGNED_AS = {"tested": ("检验", "Tested by"), "reviewed": ("审核", "Reviewed by"), "approved": ("批准", "Approved by")}
PICTURES = {"image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff", "image/webp"}
LARGEST = 1000  # pixels of a picture's longer side: 8 cm at 300 dpi
PIXELS_MAX = 80_000_000  # what is larger is listed and not opened


def load(path, record):
    """The dossier of a record's run; without a file, that of a run nobody has closed."""
    if path is None:
        return dict(NOTHING)
    text = pathlib.Path(path).read_text(encoding="utf-8")
    content = legible.loads(text)
    if not isinstance(content, dict) or "run" not in content or "state" not in content:
        raise ValueError(f"{path} is no dossier of a run: it needs run and state")
    if content["run"] != record["run"]:
        raise ValueError(f"{path} is the dossier of {content['run']}, not of {record['run']}")
    found = {**NOTHING, **content}
    for one, raw in zip(found["attachments"], json.loads(text).get("attachments", [])):
        one["file"] = raw["file"]  # is opened, not printed
    if record["simulated"] and (found["number"] or found["state"] != "open"):
        raise ValueError("a simulated run gets no report number and no approval")
    return found


def number_of(found, asked):
    """The number of the document: that of its amendment if it is one."""
    own = found["amendment"]["number"] if found["amendment"] else found["number"]
    if asked and own and asked != own:
        raise ValueError(f"the run's report number is {own}, not {asked}")
    return own or asked


def signatures(found):
    """(type, words, who and when, or none) of the three who sign: the signatures that hold for this document."""
    return [(kind, words, found["signatures"][kind]) for kind, words in SIGNED_AS.items()]


def contents_of(attachment):
    """The bytes, which must be those that the store vouches for."""
    content = pathlib.Path(attachment["file"]).read_bytes()
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    if digest != attachment["sha256"]:
        raise ValueError(f"{attachment['file']} is not the attachment {attachment['name']}: its hash is {digest}")
    return content


def picture(attachment):
    """A picture as a data: URL, no larger than it is printed; none for what is no picture that can be read."""
    content = contents_of(attachment)
    if attachment["media_type"] not in PICTURES:
        return None
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise ValueError("pictures need Pillow: apt-get install python3-pil") from None
    try:
        with Image.open(io.BytesIO(content)) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                return None
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None  # the hash vouches for the bytes; that they show something is not certain
    upright.thumbnail((LARGEST, LARGEST))
    small = io.BytesIO()
    upright.save(small, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(small.getvalue()).decode()


def attachments(found, record):
    """Each attachment once, with `picture` or none, in the order of the dossier; photos on receipt come by `of`."""
    received = {photo["sha256"]: part for part in ("received", "sampling")
                for photo in record["job"].get(part, {}).get("photos", [])}
    shown = {}
    for one in found["attachments"]:
        key = (one["sha256"], one.get("sample"), one.get("id"))
        if key not in shown:
            of = None if one.get("by") else received.get(one["sha256"])
            shown[key] = {**one, "picture": picture(one), "of": of}
    return list(shown.values())


def qr_code(text, needed):
    """The seal's text as a drawing; none where segno is missing and the text itself may do."""
    try:
        import segno
    except ImportError:
        if needed:
            raise ValueError("the seal's QR code needs segno: apt-get install python3-segno") from None
        return None
    return markupsafe.Markup(segno.make(text, micro=False, error="m").svg_inline(border=4, omitsize=True))

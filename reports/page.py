"""The documents as self-contained HTML pages, from Jinja2 templates."""

import dataclasses
import pathlib
import typing

import jinja2
import markupsafe

import dossier
import figures
import original
import tables
import wording

SHIPPED = pathlib.Path(__file__).resolve().parent / "templates"
# By the name of a document: its template, what it is called; the last two stand on controlled forms.
DOCUMENTS = {
    "report": ("report.html", ("检验报告", "Test report")),
    "record": ("original.html", ("原始记录", "Original record")),
    "equipment": ("usage.html", ("设备使用记录", "Record of equipment use")),
}
PLAIN = " -_.,:/#·，："


@dataclasses.dataclass
class Given:
    """What a document is made of."""

    record: dict
    language: str
    dossier: dict
    number: typing.Optional[str] = None
    plots: typing.Optional[dict] = None
    templates: typing.Optional[str] = None
    document: str = "report"


def css_string(text):
    """A text as a CSS string: what could end it, or the style that it stands in, becomes a number."""
    return markupsafe.Markup('"{}"').format(
        "".join(sign if sign.isalnum() or sign in PLAIN else f"\\{ord(sign):06x}" for sign in str(text)))


def environment_of(folder):
    """Templates of the laboratory's folder, and the shipped ones for what it does not have."""
    folders = [SHIPPED] if folder is None else [pathlib.Path(folder), SHIPPED]
    if not folders[0].is_dir():
        raise ValueError(f"{folder} is no folder of templates")
    return jinja2.Environment(loader=jinja2.FileSystemLoader(folders), autoescape=True,
                              undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def form_of(given, environment):
    """Number and version of a document's controlled form; none for a report."""
    own = given.record["job"].get("forms", {}).get(given.document)
    return own or environment.get_template("forms.html").module.forms.get(given.document)


def variables(given, environment, words, paper):
    record, own = given.record, given.dossier
    # Inside each drawing: a PDF's drawings know nothing of the page's style.
    style = environment.get_template("figure.css").render()
    signatures = dossier.signatures(own)
    approved = signatures[-1][2]
    return {
        "record": record, "dossier": own, "number": given.number, "language": given.language,
        "paper": paper, "document": given.document, "name": DOCUMENTS[given.document][1],
        "form": form_of(given, environment), "original": original,
        "job": tables.job(record),
        "signatures": signatures, "issued": approved["t"] if approved else None,
        "attachments": dossier.attachments(own, record),
        "code": dossier.qr_code(own["seal"]["text"], needed=paper) if own["seal"] else None,
        "clauses": tables.clauses(record), "titles": tables.titles(record), "counts": tables.counts(record),
        "external": tables.external(record), "foreign": tables.foreign(record), "roles": tables.roles(record),
        "attempts": tables.attempts(record), "environment": tables.environment(record),
        "clause_figures": lambda clause: figures.of_clause(clause, record, given.plots or {}, words, style)}


def render(given, paper=False):
    """The page; with `paper` it has what only a PDF can have: head and foot of each page."""
    environment = environment_of(given.templates)
    words = wording.Words(given.language, given.record.get("utc_offset", "+00:00"))
    functions = ("said", "answers", "value_remarks", "firmware")
    environment.globals.update(words.functions(), css_string=css_string,
                               **{name: getattr(tables, name) for name in functions})
    environment.filters["plain"] = wording.plain
    template, _ = DOCUMENTS[given.document]
    return environment.get_template(template).render(variables(given, environment, words, paper))

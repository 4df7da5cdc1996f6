"""The inspection report as one self-contained HTML page, from Jinja2 templates."""

import pathlib

import jinja2
import markupsafe

import point_plot
import tables
import waveform_plot
import wording

SHIPPED = pathlib.Path(__file__).resolve().parent / "templates"
PLAIN = " -_.,:/#·，："


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


def render(record, language, number=None, plots=None, templates=None, paper=False):
    """The page; with `paper` it has what only a PDF can have: head and foot of each page."""
    environment = environment_of(templates)
    words = wording.Words(language, record.get("utc_offset", "+00:00"))
    environment.globals.update(words.functions(), css_string=css_string)
    # Inside each drawing: a PDF's drawings know nothing of the page's style.
    style = environment.get_template("figure.css").render()
    return environment.get_template("report.html").render(
        record=record,
        number=number,
        language=language,
        paper=paper,
        matrix=tables.matrix(record),
        titles=tables.titles(record),
        counts=tables.counts(record),
        external=tables.external(record),
        side_by_side=tables.side_by_side(record),
        foreign=tables.foreign(record),
        roles=tables.roles(record),
        attempts=tables.attempts(record),
        environment=tables.environment(record),
        figures={name: waveform_plot.figure(plot, words, style) for name, plot in (plots or {}).items()},
        point_figures=lambda result: point_plot.figures(result, words, style),
    )

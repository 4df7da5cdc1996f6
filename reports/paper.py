"""The inspection report as a PDF, through WeasyPrint."""

import datetime
import html
import os
import pathlib
import re
import subprocess
import tempfile

import page

# Family that paper.css and figure.css name, family and face of the font; all lie in one Debian package.
FACES = (("Report Sans", "Noto Sans CJK SC", "Regular"), ("Report Sans", "Noto Sans CJK SC", "Bold"),
         ("Report Mono", "Noto Sans Mono CJK SC", "Regular"))
FACE = '@font-face {{ font-family: "{}"; font-weight: {}; src: url("{}"); }}\n'
WEIGHTS = {"Regular": "normal", "Bold": "bold"}
MARKUP = re.compile(r"(<style.*?</style>|<[^>]*>)", re.DOTALL)
LONG_WORD = re.compile(r"[^\s&;]{300,}")  # longer than the text of a seal; & and ; are those of a character's name
BREAK_EVERY = 25
EPOCH = "1980-01-01T00:00:00Z"  # of a record that has no times


def font_file(family, style):
    try:
        found = subprocess.run(["fc-list", f"{family}:style={style}", "--format", "%{file}\t%{index}\n"],
                               capture_output=True, text=True, check=True).stdout.splitlines()
    except FileNotFoundError:
        raise ValueError("a PDF needs fc-list: apt-get install fontconfig") from None
    if not found:
        raise ValueError(f'a PDF needs the font "{family}" {style}: apt-get install fonts-noto-cjk')
    file, index = sorted(found)[0].split("\t")
    return file, int(index)


def cut_fonts(files, text, folder):
    """Style that names fonts with no more than the signs of `text`; `files` as font_file() says, one a face.

    WeasyPrint embeds only the glyphs in use too, but takes seconds for each font of 65,000 glyphs.
    """
    from fontTools import subset, ttLib

    style = ""
    for number, ((name, _, face), (file, index)) in enumerate(zip(FACES, files)):
        options = subset.Options(hinting=False, desubroutinize=True, layout_features=["kern"], notdef_outline=True)
        with ttLib.TTFont(file, fontNumber=index, lazy=True, recalcTimestamp=False) as font:
            cutter = subset.Subsetter(options)
            cutter.populate(text=text)
            cutter.subset(font)
            small = pathlib.Path(folder) / f"{number}.otf"
            font.save(small)
        style += FACE.format(name, WEIGHTS[face], small.as_uri())
    return style


def with_breaks(text):
    """The page with blanks in words of hundreds of signs.

    WeasyPrint lays out the rest of such a word anew for each line of it: minutes for some of 10,000 signs.
    """
    def broken(word):
        return " ".join(re.findall(".{1,%d}" % BREAK_EVERY, word.group()))

    parts = MARKUP.split(text)
    parts[::2] = [LONG_WORD.sub(broken, part) for part in parts[::2]]
    return "".join(parts)


def render(given):
    """The bytes of the PDF, which depend on nothing but what is given."""
    files = [font_file(family, face) for _, family, face in FACES]  # first: without fonts WeasyPrint only warns
    try:
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration
    except ImportError:
        raise ValueError("a PDF needs WeasyPrint: apt-get install weasyprint") from None
    record = given.record
    moment = datetime.datetime.fromisoformat((record.get("ended") or record.get("started") or EPOCH)[:19] + "+00:00")
    # Fonts bear the time at which they were cut: that of the record.
    os.environ["SOURCE_DATE_EPOCH"] = str(int(moment.timestamp()))
    text = with_breaks(page.render(given, paper=True))

    def only_own(url):
        """Nothing is fetched: a picture is part of its template, as in the HTML."""
        if not url.startswith(("data:", fonts_at)):
            raise ValueError(f"{url} is not fetched: put pictures into the template as data: URLs")
        return weasyprint.default_url_fetcher(url)

    with tempfile.TemporaryDirectory() as folder:
        fonts_at = pathlib.Path(folder).as_uri() + "/"
        style = cut_fonts(files, html.unescape(text), folder)
        known = FontConfiguration()
        faces = weasyprint.CSS(string=style, font_config=known, url_fetcher=only_own)
        return weasyprint.HTML(string=text, url_fetcher=only_own).write_pdf(stylesheets=[faces], font_config=known)

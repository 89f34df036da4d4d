"""HTML to PDF, with fonts of our own inside and nothing fetched."""

import atexit
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from oms.core.stations import TryLater

# Family, weight, file: static weights, because a variable font is cut anew for every document.
_FACES = [
    ("Inter", 400, "inter-latin-400-normal.woff2"),
    ("Inter", 600, "inter-latin-600-normal.woff2"),
    ("Inter Ext", 400, "inter-latin-ext-400-normal.woff2"),
    ("Inter Ext", 600, "inter-latin-ext-600-normal.woff2"),
    ("Plex Arabic", 400, "ibm-plex-sans-arabic-arabic-400-normal.woff2"),
    ("Plex Arabic", 600, "ibm-plex-sans-arabic-arabic-600-normal.woff2"),
]
_SCHEME = "font:"
_FONT_FACES = "\n".join(
    f'@font-face {{ font-family: "{family}"; font-weight: {weight}; src: url("{_SCHEME}{name}") }}' for family, weight, name in _FACES
)
_NAMES = {name for _, _, name in _FACES}


@dataclass(frozen=True)
class _Press:
    """WeasyPrint with our fonts loaded once, for as long as this process lives."""

    html: Any
    fetcher: Any
    fonts: Any
    stylesheet: Any

    def lay_out(self, template: str, context: dict[str, Any]) -> Any:
        html = self.html(string=render_to_string(template, context), base_url=None, url_fetcher=self.fetcher)
        return html.render(stylesheets=[self.stylesheet], font_config=self.fonts)


def render_pdf(template: str, context: dict[str, Any]) -> bytes:
    """Render a template to PDF. Families: Inter, Inter Ext, Plex Arabic, in 400 and 600; nothing else is fetched, so that a customer's
    name can neither read a file nor call a server.

    Raises TryLater where the Pango library is missing on this machine.
    """
    return _press().lay_out(template, context).write_pdf()


def render_together(sheets: Sequence[tuple[str, dict[str, Any]]]) -> bytes:
    """Render several (template, context) into one PDF, each from a page of its own. As `render_pdf`."""
    laid_out = [_press().lay_out(*sheet) for sheet in sheets]
    return laid_out[0].copy([page for document in laid_out for page in document.pages]).write_pdf()


@cache
def _press() -> _Press:
    try:
        import weasyprint  # loads Pango: only in the process that renders, and only when it does
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import URLFetcher, URLFetcherResponse
    except OSError as error:
        raise TryLater(f"PDFs need the Pango library: apt-get install libpango-1.0-0 libpangoft2-1.0-0 ({error})") from None

    class OnlyOurFonts(URLFetcher):
        """Gives our fonts from the disk and refuses every other address."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            name = url.removeprefix(_SCHEME)
            if not url.startswith(_SCHEME) or name not in _NAMES:
                raise ValueError(f"{url[:80]} is not fetched: only fonts are")
            return URLFetcherResponse(url, body=_font(name), headers={"Content-Type": "font/woff2"})

    fetcher, fonts = OnlyOurFonts(), FontConfiguration()
    stylesheet = weasyprint.CSS(string=_FONT_FACES, base_url=None, url_fetcher=fetcher, font_config=fonts)
    return _Press(weasyprint.HTML, fetcher, fonts, stylesheet)


atexit.register(_press.cache_clear)  # fonts are let go while their library is still there


def _font(name: str) -> bytes:
    path = f"vendor/fonts/{name}"
    return Path(finders.find(path) or Path(settings.STATIC_ROOT) / path).read_bytes()

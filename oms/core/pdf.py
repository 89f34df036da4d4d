"""HTML to PDF, with fonts of our own inside and nothing fetched."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from oms.core.stations import TryLater

FONTS = {
    "inter.woff2": "vendor/fonts/inter-latin-wght-normal.woff2",
    "inter-ext.woff2": "vendor/fonts/inter-latin-ext-wght-normal.woff2",
    "plex-arabic-400.woff2": "vendor/fonts/ibm-plex-sans-arabic-arabic-400-normal.woff2",
    "plex-arabic-600.woff2": "vendor/fonts/ibm-plex-sans-arabic-arabic-600-normal.woff2",
}
_SCHEME = "font:"


def render_pdf(template: str, context: dict[str, Any]) -> bytes:
    """Render a template to PDF. Its only outside resources are our fonts, as `font:NAME`; anything else is refused, so that a customer's name
    can neither read a file nor call a server.

    Raises TryLater where the Pango library is missing on this machine.
    """
    html_class, fetcher = _weasyprint()
    html = render_to_string(template, context)
    return html_class(string=html, base_url=None, url_fetcher=fetcher).write_pdf()


def render_together(sheets: Sequence[tuple[str, dict[str, Any]]]) -> bytes:
    """Render several (template, context) into one PDF, each from a page of its own. As `render_pdf`."""
    html_class, fetcher = _weasyprint()
    rendered = [html_class(string=render_to_string(*sheet), base_url=None, url_fetcher=fetcher).render() for sheet in sheets]
    return rendered[0].copy([page for document in rendered for page in document.pages]).write_pdf()


@cache
def _weasyprint() -> tuple[Any, Any]:
    try:
        import weasyprint  # loads Pango: only in the process that renders, and only when it does
        from weasyprint.urls import URLFetcher, URLFetcherResponse
    except OSError as error:
        raise TryLater(
            f"PDFs need the Pango library: apt-get install libpango-1.0-0 libpangoft2-1.0-0 ({error})"
        ) from None

    class OnlyOurFonts(URLFetcher):
        """Gives our fonts from the disk and refuses every other address."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            name = url.removeprefix(_SCHEME)
            if not url.startswith(_SCHEME) or name not in FONTS:
                raise ValueError(f"{url[:80]} is not fetched: only fonts are")
            return URLFetcherResponse(url, body=_font(name), headers={"Content-Type": "font/woff2"})

    return weasyprint.HTML, OnlyOurFonts()


@cache
def _font(name: str) -> bytes:
    path = finders.find(FONTS[name]) or Path(settings.STATIC_ROOT) / FONTS[name]
    return Path(path).read_bytes()

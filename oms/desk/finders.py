"""Static files out of node_modules: only those chosen here, under `vendor/`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Warning
from django.core.files.storage import FileSystemStorage

CHOSEN = {
    # The maps are named by the style sheets, and hashing them looks for all that is named.
    **{f"vendor/tabler/{name}": f"@tabler/core/dist/css/{name}" for css in ("tabler.min.css", "tabler.rtl.min.css") for name in (css, f"{css}.map")},
    "vendor/htmx/htmx.min.js": "htmx.org/dist/htmx.min.js",
    **{
        f"vendor/fonts/inter-{subset}-wght-normal.woff2": f"@fontsource-variable/inter/files/inter-{subset}-wght-normal.woff2"
        for subset in ("latin", "latin-ext", "cyrillic", "greek")
    },
    **{
        f"vendor/fonts/inter-{subset}-{weight}-normal.woff2": f"@fontsource/inter/files/inter-{subset}-{weight}-normal.woff2"
        for subset in ("latin", "latin-ext")
        for weight in (400, 600)
    },
    **{
        f"vendor/fonts/ibm-plex-sans-arabic-arabic-{weight}-normal.woff2": (
            f"@fontsource/ibm-plex-sans-arabic/files/ibm-plex-sans-arabic-arabic-{weight}-normal.woff2"
        )
        for weight in (400, 600)
    },
}
"""What pages ask for → where npm puts it."""


class NodeModulesFinder(BaseFinder):
    """Finds the chosen files, and nothing else of what npm has fetched."""

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        self.storage = FileSystemStorage(location=settings.BASE_DIR / "node_modules")

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        missing = [path for path in CHOSEN.values() if not self.storage.exists(path)]
        if not missing:
            return []
        return [Warning(f"{len(missing)} front-end files are missing, {missing[0]} first.", hint="Run `make node_modules/.installed`.")]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = CHOSEN.get(path)
        full = Path(self.storage.path(found)) if found else None
        if full is None or not full.exists():
            return []
        return [str(full)] if find_all else str(full)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[tuple[str, Any]]:
        return [(path, _Renamed(self.storage, source)) for path, source in CHOSEN.items() if self.storage.exists(source)]


class _Renamed(FileSystemStorage):
    """A storage that gives one file, whatever name it is asked for by: collectstatic asks by the name pages use."""

    def __init__(self, storage: FileSystemStorage, source: str) -> None:
        super().__init__(location=storage.location)
        self.source = source
        self.prefix = ""

    def path(self, name: str) -> str:
        return super().path(self.source)

    def open(self, name: str, mode: str = "rb") -> Any:
        return super().open(self.source, mode)

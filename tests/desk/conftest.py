"""One browser for all tests of the desk: Playwright runs an event loop, and two of them in one thread refuse each other."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.desk.chromium import CHROMIUM, QUIET


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Give a browser. Started in its own thread: Playwright runs an event loop, in which Django refuses to touch the database."""
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)

"""Fixtures of the end-to-end tests.

Package scope: browser and servers are shared by these tests and gone before others run (Playwright's
synchronous interface keeps an event loop running, which asynchronous tests do not bear).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import app_client
from tests import browser as browsers
from tests.e2e.assistant import Assistant
from tests.e2e.customer import ANSWER_MS


@pytest.fixture(scope="package")
def assistant(trained_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """A running assistant with the demo company's knowledge; whoever stops it starts it again."""
    assistant = Assistant(trained_model, tmp_path_factory.mktemp("var"), **app_client.ENVIRON)
    try:
        assistant.load_knowledge()
        assistant.start()
        yield assistant
    finally:
        assistant.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    path = browsers.find()
    if not path:
        pytest.skip(browsers.MISSING)
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
                 "--disable-background-networking", "--disable-component-update"]  # fmt: skip
    with sync_playwright() as playwright:
        expect.set_options(timeout=ANSWER_MS)
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a new customer, Chinese, on a phone."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()

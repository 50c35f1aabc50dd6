"""A customer at the chat page: types, presses buttons, reads what the assistant answers."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

#: Busy machines answer late; nothing here waits longer than it must.
ANSWER_MS = 90_000
ONLINE = re.compile("在线|Online")
TICKET_NUMBER = re.compile(r"GD\d{10,}[\dX]")

# The last turn is complete: something of the bot stands last, and it is not typing.
_ANSWERED = """() => {
    const all = [...document.querySelectorAll('.Message')];
    return all.length > 0 && all.at(-1).classList.contains('left') && !document.querySelector('.Typing');
}"""
_LAST_ANSWER = """() => {
    const all = [...document.querySelectorAll('.Message')];
    const mine = all.map((one) => one.classList.contains('right')).lastIndexOf(true);
    return all.slice(mine + 1).map((one) => one.querySelector('.Bubble')?.innerText ?? '').join('\\n');
}"""


class Customer:
    """Someone who sees only the page.

    Attributes:
        page: The browser's page.
    """

    def __init__(self, page: Page) -> None:
        """Takes a page that need not be open yet."""
        self.page = page
        page.set_default_timeout(ANSWER_MS)

    def visit(self, address: str) -> str:
        """Opens the chat page, waits until it is connected and nothing is being answered."""
        self.page.goto(address)
        self.is_online()
        return self.read()

    def say(self, text: str) -> str:
        """Types a message; returns the whole answer."""
        self.type(text)
        return self.read()

    def type(self, text: str) -> None:
        """Types a message, sends it, and sees it among the messages."""
        before = self.mine.count()
        self.page.locator(".Composer-input").fill(text)
        self.page.locator(".Composer-input").press("Enter")
        expect(self.mine).to_have_count(before + 1)

    def press(self, title: str) -> str:
        """Presses the button of that title under the newest message; returns the whole answer."""
        before = self.mine.count()
        self.button(title).click()
        expect(self.mine).to_have_count(before + 1)
        return self.read()

    def button(self, title: str) -> Locator:
        """A button that can be pressed."""
        return self.page.locator(".choice:enabled").get_by_text(title, exact=True)

    def read(self) -> str:
        """Waits until the last message is answered; returns the texts since then."""
        self.page.wait_for_function(_ANSWERED)
        return self.page.evaluate(_LAST_ANSWER)

    def is_online(self) -> None:
        """Waits until the page says that it is connected."""
        expect(self.page.get_by_role("banner").get_by_role("status")).to_have_text(ONLINE)

    @property
    def mine(self) -> Locator:
        """The customer's own messages on the page."""
        return self.page.locator(".Message.right")

    def history(self) -> list[str]:
        """Every bubble on the page, in order."""
        return self.page.locator(".Message .Bubble").all_inner_texts()

"""Pages that stay right while rows are added: a cursor names the last row seen, not how many there were."""

from __future__ import annotations

import base64

from fastapi import Query

from kefu.console.refusals import Refusal

PAGE, MAX_PAGE = 50, 200
#: Ids and versions fit into this on every database.
MAX_ID = 2**31 - 1


def limit():
    """How many rows a page has, as the default value of a route's parameter."""
    return Query(PAGE, ge=1, le=MAX_PAGE, description="Rows on a page.")


def cursor():
    """Where to go on, as the default value of a route's parameter."""
    return Query(None, max_length=64, description="`next` of the page before.")


def write(list_: str, number: int) -> str:
    """The cursor that goes on after a row of a list."""
    return base64.urlsafe_b64encode(f"{list_}:{number}".encode()).decode().rstrip("=")


def read(list_: str, text: str | None) -> int | None:
    """The row after which to go on; nothing for the first page.

    Raises:
        Refusal: 422 for what is no cursor of this list.
    """
    if text is None:
        return None
    try:
        name, _, number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
    except ValueError:
        name, number = "", ""
    if name != list_ or not (number.isascii() and number.isdigit() and int(number) <= MAX_ID):
        raise Refusal(422, "invalid", "cursor: is none of this list.", "cursor")
    return int(number)

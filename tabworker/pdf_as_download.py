"""Has a Chrome that shows PDFs in its viewer save those of one tab instead, as our own Chrome does for all.

A preference of the profile does it there (HAZARDS C17); a Chrome that is not ours keeps its user's. So the
answers to this tab's navigations wait for a look at their headers, and a PDF is passed on as an attachment. A
pop-up's first answer comes before anybody can attach to it: it is shown, and asked for once more (capture).
"""

from typing import Any

from playwright.sync_api import CDPSession, Page
from playwright.sync_api import Error as PlaywrightError

Header = dict[str, str]


def save_instead_of_show(page: Page) -> CDPSession:
    """For as long as the returned session lives; it ends with the page. One round trip a navigation."""
    session = page.context.new_cdp_session(page)

    def look(event: dict[str, Any]) -> None:
        headers: list[Header] = event.get("responseHeaders", [])
        answer: dict[str, Any] = {"requestId": event["requestId"]}
        method = "Fetch.continueRequest"
        if is_shown_pdf(headers):
            method = "Fetch.continueResponse"
            answer |= {"responseCode": event["responseStatusCode"], "responseHeaders": as_attachment(headers)}
        try:
            session.send(method, answer)
        except PlaywrightError:
            pass  # given up meanwhile: the tab went elsewhere or closed

    session.on("Fetch.requestPaused", look)
    patterns = [{"requestStage": "Response", "resourceType": "Document"}]
    session.send("Fetch.enable", {"patterns": patterns})
    return session


def is_shown_pdf(headers: list[Header]) -> bool:
    values = {header["name"].lower(): header["value"].strip().lower() for header in headers}
    is_pdf = values.get("content-type", "").split(";")[0].strip() == "application/pdf"
    return is_pdf and not values.get("content-disposition", "").startswith("attachment")


def as_attachment(headers: list[Header]) -> list[Header]:
    kept = [header for header in headers if header["name"].lower() != "content-disposition"]
    return [*kept, {"name": "Content-Disposition", "value": "attachment"}]

"""The page that a tag's address opens, as a browser asks for it: looked at, and its button pressed."""

from typing import Final
from urllib.parse import urlencode

import httpx2

from app.real.processes import PATIENCE_S, Broken
from app.real.shores import HOST
from core.errors import NotPermitted
from simulators.phones import Form
from simulators.scenario import phone
from simulators.scenario.patrol_acts import Opens, Taps
from sites.register import Register

_PREVIEW: Final = "Mozilla/5.0 (compatible; a messenger's link preview)"


def ask(port: int, register: Register, deed: Taps | Opens, token: str) -> str | None:
    """Open the page as the person of the session `token`, and press what there is to press. The code of a refusal, if it was one;
    what the page has to say of a read is told on the page alone. Raises Broken when nobody answers.
    """
    read = phone.proved(register, deed)
    asked = urlencode({"s": register.site_id, "p": read["picc_data"], "m": read["cmac"], "lang": "en"})
    url = f"http://{HOST}:{port}"
    headers, cookies = {"Origin": url}, {"watchroom": token}
    if isinstance(deed, Taps):
        cookies["watchroom-phone"] = phone.browser(deed)
    elif deed.unsigned:
        headers, cookies = {"User-Agent": _PREVIEW}, {}
    try:
        with httpx2.Client(base_url=url, headers=headers, cookies=cookies, timeout=PATIENCE_S) as browser:
            answer = browser.get(f"/t?{asked}")
            fields = Form(answer.text).fields
            if isinstance(deed, Taps) and "k" in fields:
                answer = browser.post("/t", data=fields)
    except httpx2.HTTPError as wrong:
        raise Broken(f"the page of a tag: {wrong!r}") from wrong
    if answer.status_code >= 500:
        raise Broken(f"the page of a tag: {answer.status_code}")
    return NotPermitted.code if answer.status_code == 403 else None

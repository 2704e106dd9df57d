"""What a draft would have done on past leads, by keyboard alone, with scripts and without."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.api.pages.browsing import PHONE, Visitor, check_accessible, check_fits
from tests.api.pages.keyboard import press
from tests.api.pages.sites import Site
from tests.api.studio.conftest import CARD, make_leads, publish
from tests.serving import PATIENCE, commanded

pytestmark = pytest.mark.slow
WITH_OUTCOME = CARD + "outcome: {became: {field: won, kind: flag}}\n"
EDITED = WITH_OUTCOME.replace("points: 8", "points: 30")
SLOW = 4 * PATIENCE  # a trial runs after everything else


@pytest.fixture(scope="module")
def past_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service with a history of 600 leads, of which those won that visited often and decide."""
    home = tmp_path_factory.mktemp("past")
    publish(home, WITH_OUTCOME)
    rows = ["lead_id,job,size,visits,won"]
    for lead in make_leads(600):
        won = "yes" if lead["visits"] > 3 and lead["job"] in ("ceo", "CEO") else "no"
        rows.append(f"{lead['lead_id']},{lead['job'] or ''},{lead['size']},{lead['visits']},{won}")
    history = home / "last-quarter.csv"
    history.write_text("\n".join(rows), "utf-8")
    with commanded(home, "--history", str(history)) as (_, address):
        yield Site(address, home, {})


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_what_it_would_have_done(browser: Browser, past_site: Site, javascript: bool) -> None:
    """From the draft to the answer: how many of the calls would have come true, as the API says it."""
    name = "scripts" if javascript else "no-scripts"
    past_site.ask("POST", "/v1/drafts", {"name": name})
    past_site.ask("POST", f"/v1/drafts/{name}/change", {"revision": 1, "text": EDITED})
    with Visitor(browser, past_site.address).open(f"/studio/drafts/{name}", javascript=javascript) as page:
        press(page, "Compare and publish", "link")
        press(page, "Try it on past leads")
        region = page.get_by_role("region", name="On past leads, had it been so")
        again = region.get_by_role("button", name="Try it on past leads again")
        until = time.monotonic() + SLOW
        while not javascript:
            expect(again.or_(region.get_by_role("link", name="Look again"))).to_be_visible()
            if again.count():
                break
            assert time.monotonic() < until
            page.wait_for_timeout(1000)  # as somebody would
            with page.expect_navigation():
                press(page, "Look again", "link")
        expect(again).to_be_visible(timeout=SLOW * 1000)
        (trial,) = [
            trial for trial in past_site.ask("GET", f"/v1/drafts/{name}/trials")["trials"] if trial["on"] == "history"
        ]
        tested = trial["backtest"]
        called = [tested["at_the_line"][side]["precision"]["leads"] for side in ("old", "new")]
        rows = region.get_by_role("table").first.locator("tbody tr").all()
        shown = [int(re.sub(r"\D", "", row.locator("td").first.inner_text())) for row in rows]
        assert shown == called
        assert called[0] != called[1]
        expect(region).to_contain_text("last-quarter.csv")
        check_fits(page)
        if javascript:  # axe waits for ever where no script may run
            check_accessible(page)
        page.set_viewport_size({"width": PHONE, "height": 900})
        check_fits(page)

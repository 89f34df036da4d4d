"""A payment link in a real browser: from the customer's page to the gateway's, and back, with the gateway calling our webhook."""

import pytest
from django.conf import settings as plain
from django.db import connection

from accounting.models import Payment, PaymentNotice
from accounting.sandbox.gateway import Config, SandboxGatewayServer
from orders.models import Order
from tests import cast
from tests.accounting.online import KEY, SECRET
from tests.desk.chromium import CHROMIUM

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def pays(live_server, settings, monkeypatch):
    """The gateway, set up as `make up` does: it calls the house that runs here."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    config = Config(key=KEY, webhook_url=f"{live_server.url}/payments/webhooks/sandbox/", webhook_secret=SECRET, first_pause_seconds=0.05)
    with SandboxGatewayServer(config) as running:
        settings.PUBLIC_URL, settings.SANDBOX_GATEWAY_URL, settings.SANDBOX_GATEWAY_KEY = live_server.url, running.url, KEY
        settings.GATEWAY_WEBHOOK_SECRET = SECRET
        directives = plain.CONTENT_SECURITY_POLICY["DIRECTIVES"] | {"form-action": ["'self'", running.url]}
        settings.CONTENT_SECURITY_POLICY = plain.CONTENT_SECURITY_POLICY | {"DIRECTIVES": directives}
        yield running


@pytest.mark.parametrize(("language", "words"), [("en", ("Pay £5.94", "Pay", "Paid in full")), ("ar", ("ادفع", "ادفع", "مدفوع بالكامل"))])
def test_a_customer_pays_with_two_presses(real_house, live_server, pays, browser, prove, language, words):
    order = real_house.place(("MUG", 1))
    Order.objects.filter(pk=order.pk).update(language=language)
    cast.run_line("screen", "reserve", "invoice", "plan", "post_stock")
    context = browser.new_context(locale="en-GB")
    page, problems = context.new_page(), []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)

    page.goto(f"{live_server.url}/o/{order.public_token}/")
    assert words[0] in page.inner_text("#payment .accept")
    page.click("#payment .accept")
    page.wait_for_url(f"{pays.url}/pay/*")
    assert not page.query_selector("input")  # no card number is ever asked for
    page.click(f"button:text-is('{words[1]}')")
    page.wait_for_url(f"{live_server.url}/o/{order.public_token}/?back")
    with pays.register.news:
        pays.register.news.wait_for(lambda: pays.register.next_call() == (None, None), timeout=20)
    assert PaymentNotice.objects.filter(event_id__startswith="evt_").count() == 1  # whoever was first: the call, or the customer on the way back
    cast.run_line("settle", "complete")
    page.reload()

    assert words[2] in page.inner_text("#payment")
    assert (Payment.objects.get().amount, Order.objects.get().payment_status) == (order.total, "paid")
    assert problems == []
    context.close()
    prove()

"""What the sandbox payment gateway shows its customers: an amount and two buttons."""

from html import escape

from accounting.sandbox.register import Kept

WORDS = {
    "en": ("Pay", "Decline", "Nothing is charged here: this page is for trying things out.", "This is paid.", "This was declined.", "This is over.")
    + ("Back to the shop",),
    "de": ("Bezahlen", "Ablehnen", "Hier wird nichts abgebucht: Diese Seite ist zum Ausprobieren.", "Das ist bezahlt.", "Das wurde abgelehnt.")
    + ("Das ist abgelaufen.", "Zurück zum Shop"),
    "ar": ("ادفع", "رفض", "لا يُخصم شيء هنا: هذه الصفحة للتجربة.", "تم الدفع.", "رُفض الدفع.", "انتهت المهلة.", "العودة إلى المتجر"),
}
PAGE = """<!doctype html><html lang="{language}" dir="{direction}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><link rel="icon" href="data:,"><title>{title}</title><style>
:root {{ color-scheme: light dark }} body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 3rem auto; padding: 0 1rem }}
header {{ background: #2b2d5b; color: #fff; padding: .9rem 1.2rem; font-weight: 700; letter-spacing: .04em }}
h1 {{ font-size: 2rem; font-variant-numeric: tabular-nums; margin-block: 1.5rem .25rem }} small {{ opacity: .75 }}
form {{ display: flex; gap: .75rem; margin-block: 1.5rem }} button {{ flex: 1; padding: .8rem; font: inherit; font-weight: 650; cursor: pointer;
border: 1px solid #2b2d5b; border-radius: 8px; background: Canvas; color: CanvasText }} button[value=pay] {{ background: #2b2d5b; color: #fff }}
</style><header>SANDBOX PAY</header><h1><bdi>{amount}</bdi></h1><p><bdi>{title}</bdi></p>{rest}</html>"""


def checkout_page(kept: Kept | None) -> str:
    if kept is None:
        return PAGE.format(language="en", direction="ltr", title="No such payment", amount="—", rest="<p>Open the link of the shop again.</p>")
    language = kept.asked.language if kept.asked.language in WORDS else "en"
    pay, decline, note, paid, declined, expired, back = WORDS[language]
    link = f'<p><a href="{escape(kept.asked.return_url)}">{back}</a></p>'
    if kept.status == "open":
        rest = (
            f'<form method="post"><button name="answer" value="pay">{pay}</button><button name="answer" value="decline">{decline}</button></form>'
            f"<p><small>{note}</small></p>{link}"
        )
    else:
        rest = f"<p role=status>{dict(paid=paid, declined=declined, expired=expired)[kept.status]}</p>{link}"
    return PAGE.format(
        language=language,
        direction="rtl" if language == "ar" else "ltr",
        title=escape(kept.asked.title),
        amount=f"{kept.asked.amount} {escape(kept.asked.currency)}",
        rest=rest,
    )

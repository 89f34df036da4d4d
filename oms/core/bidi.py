"""Words that run one way among words that run the other."""

import unicodedata

from django.utils.translation import get_language_bidi

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"


def isolated(value: object) -> str:
    """Keep the direction of somebody's own words apart from the sentence around them.

    Says with characters (UAX #9, isolates) what `dir="auto"` would say, for the PDF engine does not know that one:
    without it “7 Mill Lane, (rear)” and “+44 1904 551550” fall apart on an Arabic page. Left alone where all runs one way.
    """
    text = str(value)
    if not text or not (get_language_bidi() or any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)):
        return text
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"

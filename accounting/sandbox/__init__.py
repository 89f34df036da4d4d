"""A payment gateway of our own, for trying things out: a real HTTP server that opens checkouts, shows a page with two buttons, *Pay* and
*Decline*, calls our webhook, and misbehaves when told to. It asks for no card, knows nothing of Throughline, and imports no Django.

Run it with `python -m sandbox`; `server` says what it answers, `mischief` how to make it misbehave.
"""

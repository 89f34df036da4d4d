"""A carrier of our own, for trying things out: a real HTTP server that quotes, books, makes labels, moves parcels along,
calls our tracking webhook, and misbehaves when told to. It knows nothing of Throughline, and imports no Django.

Run it with `python -m shipping.sandbox`; `server` says what it answers, `mischief` how to make it misbehave.
"""

"""The phone form: an order by telephone without touching the mouse."""

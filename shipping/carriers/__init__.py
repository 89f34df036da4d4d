"""How we talk to carriers. `base` is the common language; each other module is one carrier's adapter."""

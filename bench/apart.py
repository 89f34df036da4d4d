"""`python -m bench.apart`: measure pricing in the empty database that the environment names. Prints JSON."""

import json
import logging

import django
from django.core.management import call_command


def main() -> None:
    django.setup()
    logging.disable(logging.WARNING)
    from bench import house, pricing

    call_command("migrate", verbosity=0)
    house.build()
    print(json.dumps(pricing.measure()))


if __name__ == "__main__":
    main()

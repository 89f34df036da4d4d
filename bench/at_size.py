"""`python -m bench.at_size --skus N`: measure stock in the database that the environment names. `make bench` runs it once for each size.

The house is built where there is none yet, so a database that is kept can be measured again. Prints JSON, the figures on the last line.
"""

import argparse
import json
import logging
import sys

import django
from django.core.management import call_command

MOVEMENTS_A_SKU = 25


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.at_size", description=__doc__)
    parser.add_argument("--skus", type=int, required=True)
    parser.add_argument("--movements", type=int, default=0, help=f"{MOVEMENTS_A_SKU} for each SKU without")
    parser.add_argument("--only", nargs="*", default=[], help="names of figures to take; all without")
    arguments = parser.parse_args()
    django.setup()
    logging.disable(logging.WARNING)
    from bench import stock

    call_command("migrate", verbosity=0)
    figures = stock.measure(arguments.skus, arguments.movements or arguments.skus * MOVEMENTS_A_SKU, only=arguments.only)
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())

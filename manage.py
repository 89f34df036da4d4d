#!/usr/bin/env python
"""Run a management command against the database that `make up` started, or the one DATABASE_URL names."""

import os
import sys

from oms.run.environment import adopt_running_servers


def main() -> None:
    adopt_running_servers()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

"""The Celery tasks: three wake-ups, none of which carries data."""

from celery import shared_task
from django.core.management import call_command

from oms.core import stations

TURN_SECONDS = 5.0


@shared_task
def work_station(name: str) -> int:
    """Work the station `name` until its queue is empty, or for TURN_SECONDS and then again: a worker that is asked to stop is soon free.

    Safe to repeat and to run twice at once.
    """
    stations.lower_flag(name)
    station = stations.named(name)
    done = stations.run(station, seconds=TURN_SECONDS)
    if done and stations.queue_of(station).exists():
        stations.wake([name])
    return done


@shared_task
def sweep() -> list[str]:
    """Wake every station that has work waiting."""
    return stations.sweep()


@shared_task
def prove() -> None:
    """Prove what must always be true, and keep the result for the desk's badge."""
    call_command("check_invariants", keep=True, quiet=True)

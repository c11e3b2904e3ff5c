"""When scheduled runs start: a cron expression, read exactly as Prefect's server reads it."""

import asyncio
from datetime import datetime

from prefect.client.schemas.schedules import is_valid_timezone
from prefect.server.schemas.schedules import CronSchedule

from foundation.errors import ParamsError

FIELDS = 5  # Prefect also takes a sixth and a seventh, for seconds and years
SHOWN = 3


def next_times(option: str, cron: str, timezone: str) -> list[datetime]:
    """Return the next times of a schedule, in its time zone.

    Args:
        option: Where the expression was given, such as `--cron`.
        cron: Five fields, or a word such as `@daily`.
        timezone: The zone in which the fields are read.

    Raises:
        ParamsError: The expression is not valid, or no date matches it.
    """
    # brackets: Prefect takes r(0-10), a random minute, in spite of its documentation
    if "(" in cron or (len(cron.split()) != FIELDS and not cron.startswith("@")):
        raise ParamsError(_not_understood(option, cron))
    try:
        schedule = CronSchedule(cron=cron, timezone=timezone)
    except ValueError:
        raise ParamsError(_not_understood(option, cron)) from None
    try:
        return list(asyncio.run(schedule.get_dates(SHOWN)))
    except ValueError:  # croniter looks fifty years ahead
        raise ParamsError(
            f"{option} '{cron}' never comes: no year has such a date. Correct the day or the month."
        ) from None


def _not_understood(option: str, cron: str) -> str:
    return (
        f"{option} '{cron}' is not a schedule. Give five fields (minute, hour, day, month, weekday), "
        'such as "0 6 * * *" for every day at 06:00, or a word such as @hourly, @daily or @weekly.'
    )


def check_timezone(timezone: str) -> None:
    """Refuse a time zone that Prefect's server does not know.

    Raises:
        ParamsError: It is not in the IANA database; Python alone also takes folders and local names.
    """
    if not is_valid_timezone(timezone):
        raise ParamsError(
            f"--timezone '{timezone}' is not a time zone of the IANA database. Give a name such as "
            "Europe/Lisbon or UTC."
        )


def described(option: str, what: str, cron: str | None, timezone: str) -> str:
    """Describe when something starts: the next times, a line each, or when asked to.

    Raises:
        ParamsError: As `next_times`.
    """
    if cron is None:
        return f"{what} when asked to"
    times = next_times(option, cron, timezone)
    lines = [f"{what} at '{cron}' ({timezone}), next:"]
    return "\n".join([*lines, *(f"  {time:%a %Y-%m-%d %H:%M %Z}" for time in times)])

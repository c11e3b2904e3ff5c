import pytest

from foundation.errors import ParamsError
from pipeline.orchestration.schedule import check_timezone, described, next_times


@pytest.mark.parametrize(
    "cron",
    [
        "0 6 * * * *",  # six fields: Prefect would start sixty runs, a second apart
        "0 6 * * * 0 2030",
        "0 6 * *",
        "60 6 * * *",
        "@reboot",
        " @daily",
        "",
        "r(0-10) 6 * * *",
        "every morning",
    ],
)
def test_what_is_not_five_fields_or_a_known_word_is_refused(cron):
    with pytest.raises(ParamsError) as refused:
        next_times("--cron", cron, "UTC")
    assert str(refused.value) == (
        f"--cron '{cron}' is not a schedule. Give five fields (minute, hour, day, month, weekday), "
        'such as "0 6 * * *" for every day at 06:00, or a word such as @hourly, @daily or @weekly.'
    )


@pytest.mark.parametrize("cron", ["0 0 31 2 *", "0 0 30 2 *", "0 0 31 2,4,6,9,11 *"])
def test_a_date_that_no_year_has_is_refused(cron):
    with pytest.raises(ParamsError) as refused:
        next_times("--verify-cron", cron, "UTC")
    assert str(refused.value) == (
        f"--verify-cron '{cron}' never comes: no year has such a date. Correct the day or the month."
    )


def test_a_date_that_few_years_have_is_a_schedule():
    assert {(time.month, time.day) for time in next_times("--cron", "0 0 29 2 *", "UTC")} == {
        (2, 29)
    }


@pytest.mark.parametrize(
    ("word", "hours"),
    [("@hourly", 1), ("@daily", 24), ("@midnight", 24), ("@weekly", 7 * 24)],
)
def test_a_word_is_a_schedule(word, hours):
    first, second, third = next_times("--cron", word, "UTC")
    assert (second - first).total_seconds() == (third - second).total_seconds() == hours * 3600


@pytest.mark.parametrize("word", ["@monthly", "@yearly", "@annually"])
def test_the_words_for_long_spans_are_schedules(word):
    assert [time.day for time in next_times("--cron", word, "UTC")] == [1, 1, 1]


@pytest.mark.parametrize(
    "zone",
    ["localtime", "Europe", "posix/UTC", "right/UTC", "Factory", "europe/lisbon", "Mars/Base", "", "/etc/localtime", "../UTC"],
)  # fmt: skip
def test_a_zone_that_the_server_does_not_know_is_refused(zone):
    with pytest.raises(ParamsError) as refused:
        check_timezone(zone)
    assert str(refused.value) == (
        f"--timezone '{zone}' is not a time zone of the IANA database. Give a name such as "
        "Europe/Lisbon or UTC."
    )


@pytest.mark.parametrize("zone", ["UTC", "Europe/Lisbon", "America/Argentina/Ushuaia", "EST5EDT"])
def test_a_zone_of_the_iana_database_is_accepted(zone):
    check_timezone(zone)
    assert len(next_times("--cron", "0 6 * * *", zone)) == 3


def test_the_next_three_times_are_told_in_their_zone():
    first, *times = described("--cron", "trains", "30 6 * 7 *", "Europe/Lisbon").splitlines()
    assert first == "trains at '30 6 * 7 *' (Europe/Lisbon), next:"
    assert len(times) == 3
    for line in times:
        assert line.endswith(" 06:30 WEST")  # in July, Lisbon has summer time
        assert line.startswith("  ")
        assert "-07-" in line


def test_without_a_schedule_the_line_says_when():
    assert described("--cron", "trains", None, "UTC") == "trains when asked to"

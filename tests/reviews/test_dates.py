"""Dates in the forms that people and programs write, and the periods they are in."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import DataError, UsageError
from sentiment.reviews import dates
from sentiment.reviews.dates import (
    DateReader,
    first_days,
    iso,
    middle_span,
    periods_between,
    unit_of,
)


def read(*values, zone=None):
    reader = DateReader(zone)
    return [
        "missing" if day == dates.MISSING else "unreadable" if day == dates.UNREADABLE else iso(day)
        for day in reader.settled(reader.read(values)).tolist()
    ]


@pytest.mark.parametrize(
    "written",
    [
        "2015-02-24", "2015/02/24", "2015.2.24", "20150224", "2015-02-24T11:35",
        "2015-02-24T11:35:52Z",
        "2015-02-24 11:35:52 -0800", "2015-02-24T11:35:52.123456+01:00", "2015-02-24 23:59:60",
        "24.02.2015", "24.2.15", "24.02.2015 11:35", "24-02-2015 11.35", "24-02-2015 11.35.52",
        "02/24/2015", "24/02/2015", "2/24/15",
        "02-24-2015",
        "2/24/2015 11:35 PM", "Feb 24, 2015", "February 24, 2015", "Feb. 24 2015", "24 Feb 2015",
        "24-Feb-2015", "24th February 2015", "Tue, 24 Feb 2015 11:35:52 +0000",
        "Tue Feb 24 11:35:52 +0000 2015", "1424777752", "1424777752000", 1424777752, 1424777752.5,
        " 2015-02-24 ", date(2015, 2, 24), datetime(2015, 2, 24, 11),
        datetime(2015, 2, 24, tzinfo=UTC),
    ],
)  # fmt: skip
def test_the_usual_forms(written):
    assert read(written) == ["2015-02-24"]


@pytest.mark.parametrize("written", ["2015-02", "Feb 2015", "2015/2"])
def test_a_month_is_its_first_day(written):
    assert read(written) == ["2015-02-01"]


@pytest.mark.parametrize(
    "written",
    [
        "soon", "2015-13-01", "2015-02-30", "30/30/2015", "0/1/2015", "Febtober 24, 2015", "5",
        "12:30",
        "24.02.2015 25:00", "24 Fubar 2015", "2015-02-24x", "99999999999999999999", "x" * 1000,
        True, "01/01/0000",
        4.5,
        "2015-02-24T", "0000-01-01",
    ],
)  # fmt: skip
def test_what_is_no_date(written):
    assert read(written) == ["unreadable"]


@pytest.mark.parametrize("written", ["", None, "N/A", float("nan"), "  "])
def test_nothing_written(written):
    assert read(written) == ["missing"]


def test_the_column_shows_which_is_the_day():
    assert read("02/03/2015", "24/02/2015") == ["2015-03-02", "2015-02-24"]
    assert read("02/03/2015", "02/24/2015") == ["2015-02-03", "2015-02-24"]
    assert read("02/03/2015") == ["2015-02-03"]  # as in the United States, if nothing shows it


def test_seconds_are_of_utc_or_the_zone_that_is_named():
    written = ["2015-02-24 11:35:52.25", "2015-02-24T11:35:52+01:00", "Feb 24, 2015", "1424777752"]
    expected = [1424777752.25, 1424774152, 1424736000, 1424777752]
    assert DateReader().seconds(written).tolist() == expected


def test_seconds_are_none_where_it_is_not_clear_which_is_the_day():
    seconds = lambda *written: DateReader().seconds(written).tolist()  # noqa: E731
    march, february = (datetime(2015, *day, tzinfo=UTC).timestamp() for day in ((3, 2), (2, 3)))
    assert seconds("02/03/2015", "24/02/2015")[0] == march
    assert seconds("02/03/2015", "02/24/2015")[0] == february
    assert np.isnan(seconds("02/03/2015", "soon", "")).all()
    mixed = seconds("02/03/2015", "02/24/2015", "24/02/2015")
    assert np.isnan(mixed).tolist() == [True, False, False]
    assert mixed[1] == mixed[2]


def test_a_time_zone_moves_days_that_have_one():
    late = "2015-02-24 23:30:00 -0800"
    assert read(late) == ["2015-02-24"]
    assert read(late, zone="UTC") == ["2015-02-25"]
    assert read("2015-02-24 23:30:00", zone="Asia/Tokyo") == ["2015-02-24"]
    assert read(1424777752 + 13 * 3600, zone="Europe/Berlin") == ["2015-02-25"]
    moment = datetime(2015, 2, 24, 23, 30, tzinfo=timezone(timedelta(hours=-8)))
    assert read(moment, zone="Europe/Berlin") == ["2015-02-25"]


@pytest.mark.parametrize("zone", ["Europe/Berlyn", "", "../etc/passwd", "/etc/passwd"])
def test_an_unknown_time_zone_is_one_line(zone):
    with pytest.raises(UsageError, match="no such time zone"):
        DateReader(zone)
    if zone == "Europe/Berlyn":
        with pytest.raises(UsageError, match="did you mean Europe/Berlin"):
            DateReader(zone)


@given(st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.dates(), st.datetimes()))
def test_anything_is_a_day_or_none(value):
    reader = DateReader("Europe/Berlin")
    (day,) = reader.settled(reader.read([value])).tolist()
    assert day in (dates.MISSING, dates.UNREADABLE) or iso(day)
    if isinstance(value, str):
        (moment,) = DateReader().seconds([value])
        assert day > 0 or np.isnan(moment)


@given(
    st.dates(), st.sampled_from(["%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y", "%Y-%m-%dT%H:%MZ"])
)
def test_dates_come_back(day, form):
    written = day.strftime(form)
    expected = day.isoformat() if len(written.split(".")[-1].split("-")[0]) >= 4 else None
    found = read(written)[0]
    assert expected is None or found == expected or day.year < 1000


def test_units_and_periods():
    day = date(2015, 2, 24).toordinal()
    span = lambda last: np.array([day, day + last])  # noqa: E731
    assert [unit_of(span(last)) for last in (0, 20, 100, 900)] == ["day", "day", "week", "month"]
    assert [iso(each) for each in first_days(np.array([day]), "week")] == ["2015-02-23"]
    assert [iso(each) for each in first_days(np.array([day]), "month")] == ["2015-02-01"]
    months = [iso(each) for each in periods_between(day, day + 70, "month")]
    assert months == ["2015-02-01", "2015-03-01", "2015-04-01", "2015-05-01"]
    assert len(periods_between(day, day + 12, "week")) == 2
    assert len(periods_between(1, 1, "month")) == 1
    with pytest.raises(DataError, match="more than 1,000 periods of a day; choose a longer"):
        periods_between(1, day, "day")
    assert middle_span(np.array([1, day, day + 9]), np.array([1, 1, 1])) == (day, day + 9)
    assert middle_span(np.array([day, 3_652_059]), np.array([2, 1])) == (day, day)
    assert middle_span(np.array([day - 9_000, day]), np.array([1, 9])) == (day - 9_000, day)

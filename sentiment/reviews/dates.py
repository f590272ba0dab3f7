"""Dates as people and programs write them → days or seconds; days → periods, such as months.

A *day* is the proleptic Gregorian ordinal of a date, as `datetime.date.toordinal` returns it.
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError, UsageError, hint
from sentiment.reviews.rules import text_in

Days = NDArray[np.int64]
Unit = Literal["day", "week", "month"]
UNITS: tuple[Unit, ...] = ("day", "week", "month")

# Not days: nothing written, and nothing that is a date.
MISSING, UNREADABLE = 0, -1
# Added to (year · 32 + first) · 32 + second of `02/03/2015` until it is known which is the day.
_OPEN = 1 << 22

_EPOCH = date(1970, 1, 1).toordinal()
_LONGEST = 64  # characters of a date
_REMEMBERED = 100_000  # values
_SHORT_SPAN, _MIDDLE_SPAN = 45, 200  # days shown one by one, and by the week
MOST_PERIODS = 1_000
_DAYS_IN = {"day": 1, "week": 7, "month": 30.5}

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"
_TIME = (
    r"(?:(?:[T ]|, ?)(?P<hour>\d{1,2})[:.](?P<minute>\d{2})"
    r"(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?(?:\d{2})?))?)?"
)
_WEEKDAY = r"(?:[A-Za-z]{3,9}\.?,? )?"
_FORMS = [
    re.compile(form)
    for form in (
        rf"(?P<year>\d{{4}})([-/.])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}}){_TIME}",
        rf"(?P<year>\d{{4}})(?P<month>\d{{2}})(?P<day>\d{{2}}){_TIME}",
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})",
        rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}}|\d{{2}}){_TIME}",
        rf"(?P<one>\d{{1,2}})([-/])(?P<two>\d{{1,2}})\2(?P<year>\d{{4}}|\d{{2}}){_TIME}",
        rf"{_WEEKDAY}{_NAME} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}}){_TIME}",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -]{_NAME},?[ -](?P<year>\d{{4}}){_TIME}",
        rf"{_WEEKDAY}{_NAME} (?P<day>\d{{1,2}}){_TIME} (?P<year>\d{{4}})",
        rf"{_NAME} (?P<year>\d{{4}})",
    )
]
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SECONDS = re.compile(r"(\d{9,10})(?:\.\d+)?|(\d{12,13})(?:\.0+)?")


class DateReader:
    """Reads the dates of a column.

    ISO 8601 with or without time and zone, `2015-02-24 11:35:52 -0800`, `24.02.2015`,
    `02/24/2015` or `24/02/2015`, `Feb 24, 2015`, seconds or milliseconds since 1970, and dates of
    Parquet. A time with a zone is of the day where it was written, unless a time zone is named.

    Attributes:
        day_first: whether `02/03/2015` is in March; None until a value shows it.
    """

    def __init__(self, zone: str | None = None) -> None:
        """Prepare to read.

        Args:
            zone: the name of a time zone, such as Europe/Berlin, that days are of.

        Raises:
            UsageError: there is no such time zone.
        """
        self.day_first: bool | None = None
        self._has_open = self._has_both = False
        self._zone = _zone_of(zone)
        self._known: dict[Any, int] = {}

    def read(self, values: Sequence[Any]) -> Days:
        """Return days, int64 [n], `MISSING` or `UNREADABLE`; some need to be `settled`."""
        known = self._known
        if len(known) > _REMEMBERED:
            known.clear()
        found = []
        for value in values:
            key = self._key_of(value)
            day = known.get(key)
            if day is None:
                day = known[key] = self._day_of(key)
            found.append(day)
        return np.array(found, np.int64)

    def settled(self, days: Days) -> Days:
        """Return what `read` returned as days, once all of the column has been read."""
        opened = days >= _OPEN
        if not opened.any():
            return days
        days = days.copy()
        days[opened] = [self._settle(code) for code in (days[opened] - _OPEN).tolist()]
        return days

    def seconds(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the seconds since 1970 of all dates of a column, float64 [n]; NaN for none.

        They are of UTC, unless they name a zone. `02/03/2015` is none where no other date, or those
        of both kinds, show which is the day.
        """
        found = [self._moment_or_none(text.strip()) for text in texts]
        is_clear = self.day_first is not None and not self._has_both
        return np.array([self._seconds_of(*each, is_clear) for each in found], np.float64)

    def _moment_or_none(self, text: str) -> tuple[datetime | None, bool]:
        try:
            return self._moment_in(text)
        except (ValueError, OverflowError):
            return None, False

    def _seconds_of(self, moment: datetime | None, is_open: bool, is_clear: bool) -> float:
        if moment is None or (is_open and not is_clear):
            return math.nan
        if is_open and self.day_first:
            moment = moment.replace(month=moment.day, day=moment.month)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

    @property
    def is_assumed(self) -> bool:
        """Whether some `02/03/2015` was read without a value that shows which is the day."""
        return self._has_open and self.day_first is None

    @property
    def is_mixed(self) -> bool:
        """Whether some `02/03/2015` was read among both `24/02/2015` and `02/24/2015`."""
        return self._has_open and self._has_both

    def _key_of(self, value: Any) -> Any:
        """Return what values of the same day often share, to read it once."""
        if isinstance(value, str):
            if self._zone is None and value[10:11] in (" ", "T") and _ISO_DAY.match(value):
                return value[:10] if len(value) < _LONGEST and ":" in value else value
            return value
        return value if isinstance(value, date | int | float) else text_in(value)

    def _day_of(self, value: Any) -> int:
        try:
            if isinstance(value, datetime):
                return self._local(value).toordinal()
            if isinstance(value, date):
                return value.toordinal()
            text = text_in(value).strip()
            if not text:
                return MISSING
            moment, is_open = self._moment_in(text)
            if is_open:
                return _OPEN + (moment.year * 32 + moment.month) * 32 + moment.day
            return self._local(moment).toordinal()
        except (ValueError, OverflowError):
            return UNREADABLE

    def _moment_in(self, text: str) -> tuple[datetime, bool]:
        """Return the moment in a text, and whether its month may be the day, as in `02/03/2015`.

        Raises:
            ValueError, OverflowError: it has none.
        """
        if len(text) > _LONGEST:
            raise ValueError(text)
        if found := _SECONDS.fullmatch(text):
            seconds = float(found[1]) if found[1] else float(found[2]) / 1000
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds), False
        text = " ".join(text.split())
        for form in _FORMS:
            if found := form.fullmatch(text):
                return self._moment_of(found.groupdict())
        raise ValueError(text)

    def _moment_of(self, parts: dict[str, str | None]) -> tuple[datetime, bool]:
        year = int(parts["year"] or 0)
        if len(parts["year"] or "") == 2:  # as in POSIX
            year += 1900 if year >= 69 else 2000
        if "one" in parts:
            return self._slashed(year, int(parts["one"] or 0), int(parts["two"] or 0), parts)
        name = parts.get("name")
        month = _month(name) if name else int(parts["month"] or 0)
        return _at(year, month, int(parts.get("day") or 1), parts), False

    def _slashed(
        self, year: int, one: int, two: int, parts: dict[str, str | None]
    ) -> tuple[datetime, bool]:
        """Return the moment of `02/24/2015`, the month first where either may be the day."""
        if max(one, two) <= 12:
            found = _at(year, one, two, parts)
            self._has_open = True
            return found, True
        month, day = (two, one) if one > two else (one, two)
        found = _at(year, month, day, parts)  # what is no date shows nothing
        if self.day_first is None:
            self.day_first = one > two
        self._has_both |= self.day_first != (one > two)
        return found, False

    def _settle(self, code: int) -> int:
        year, one, two = code // 1024, code // 32 % 32, code % 32
        month, day = (two, one) if self.day_first else (one, two)
        return date(year, month, day).toordinal()

    def _local(self, moment: datetime) -> datetime:
        """Return a moment where its day is asked for; one without a zone is there already."""
        return (
            moment if moment.tzinfo is None or self._zone is None else moment.astimezone(self._zone)
        )


def _zone_of(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    from zoneinfo import ZoneInfo, available_timezones  # few runs need one

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        near = hint(name, sorted(available_timezones()))
        raise UsageError(
            f"--timezone {name}: no such time zone{near}; name one such as Europe/Berlin or UTC"
        ) from None


def _at(year: int, month: int, day: int, parts: dict[str, str | None]) -> datetime:
    """Return a day at the time among the parts of a date, if there is one."""
    if not parts.get("hour"):
        return datetime(year, month, day)
    hour = int(parts["hour"] or 0)
    if half := parts["half"]:
        hour = hour % 12 + 12 * (half in "pP")
    minute, second = int(parts["minute"] or 0), min(int(parts["second"] or 0), 59)
    micros = int((parts["fraction"] or "")[:6].ljust(6, "0"))
    zone = parts["zone"]
    return datetime(
        year, month, day, hour, minute, second, micros, tzinfo=_offset(zone) if zone else None
    )


def _offset(zone: str) -> tzinfo:
    if zone[0] not in "+-":
        return UTC
    digits = zone[1:].replace(":", "").ljust(4, "0")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-away if zone[0] == "-" else away)


def _month(name: str) -> int:
    """Return the number of a month by its English name, in full or three letters.

    Raises:
        ValueError: it is not the name of a month.
    """
    number = _MONTHS.index(name[:3].casefold()) + 1
    whole = date(2000, number, 1).strftime("%B").casefold()
    if name.casefold() not in (whole, whole[:3], whole[:4]):
        raise ValueError(name)
    return number


def unit_of(days: Days) -> Unit:
    """Return the unit in which a span of days makes a readable trend."""
    span = int(np.ptp(days)) + 1
    return "day" if span <= _SHORT_SPAN else "week" if span <= _MIDDLE_SPAN else "month"


def first_days(days: Days, unit: Unit) -> Days:
    """Return the first day of the period of each day, int64 [n]; weeks begin on Monday."""
    if unit == "day":
        return days
    if unit == "week":
        return days - (days + 6) % 7
    months = (days - _EPOCH).astype("datetime64[D]").astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64) + _EPOCH


def middle_span(days: Days, counts: NDArray[np.int64]) -> tuple[int, int]:
    """Return the first and the last day to show: all, if they make no more months than can be.

    Otherwise they are the first and the last of those in the years around the middle one: a single
    9999-12-31, which stands for no date, must not stand for a trend either.

    Args:
        days: int64 [n], n ≥ 1.
        counts: how often there is each, int64 [n].
    """
    most = int(MOST_PERIODS * _DAYS_IN["month"])
    if np.ptp(days) > most:
        order = np.argsort(days, kind="stable")
        total = np.cumsum(counts[order])
        middle = days[order][np.searchsorted(total, total[-1] // 2, side="right")]
        days = days[np.abs(days - middle) <= most // 2]
    return int(days.min()), int(days.max())


def periods_between(first: int, last: int, unit: Unit) -> Days:
    """Return the first day of each period from one to another day, in order, int64 [P].

    Raises:
        DataError: there are too many to show; of the months of a `middle_span` there are not.
    """
    begin, end = (int(first_days(np.array([day]), unit)[0]) for day in (first, last))
    if (end - begin) / _DAYS_IN[unit] > MOST_PERIODS:
        raise DataError(
            f"dates from {iso(begin)} to {iso(last)} make more than {MOST_PERIODS:,} periods of a "
            f"{unit}; choose a longer --unit"
        )
    return np.unique(first_days(np.arange(begin, end + 1), unit))


def iso(day: int) -> str:
    """Return a day as `2015-02-24`."""
    return date.fromordinal(day).isoformat()

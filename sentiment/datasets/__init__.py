"""Public sets of reviews: fetched from their publishers' sites, then used by name.

The data flow: `download` brings the files of a `Dataset` from the web, `archives` opens them member
by member, a function of `layouts` turns members into rows, and `parts` writes these as one CSV file
a part (`train`, `test`, …) into the cache folder. `fetch` does all of this; `resolve` turns a name
such as `imdb` or `imdb:test` into those files.
"""

from typing import TYPE_CHECKING

from sentiment.lazy import exports

if TYPE_CHECKING:
    from sentiment.datasets.catalog import CATALOG, Dataset, Download
    from sentiment.datasets.fetching import Fetched, Progress, check_mirror, fetch, settle
    from sentiment.datasets.naming import find_dataset, resolve
    from sentiment.datasets.places import MIRROR, VARIABLE, datasets_folder, is_here
    from sentiment.datasets.records import Record, read_records

__all__ = [
    "CATALOG",
    "MIRROR",
    "VARIABLE",
    "Dataset",
    "Download",
    "Fetched",
    "Progress",
    "Record",
    "check_mirror",
    "datasets_folder",
    "fetch",
    "find_dataset",
    "is_here",
    "read_records",
    "resolve",
    "settle",
]

exports(
    __name__,
    {
        "CATALOG": "catalog",
        "Dataset": "catalog",
        "Download": "catalog",
        "Fetched": "fetching",
        "Progress": "fetching",
        "check_mirror": "fetching",
        "fetch": "fetching",
        "settle": "fetching",
        "find_dataset": "naming",
        "resolve": "naming",
        "MIRROR": "places",
        "VARIABLE": "places",
        "datasets_folder": "places",
        "is_here": "places",
        "Record": "records",
        "read_records": "records",
    },
)

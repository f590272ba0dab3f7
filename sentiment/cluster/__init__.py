"""Many files of reviews on many machines: scored each where there is room.

A file is the unit: one task reads it, scores it and writes it, or gives its scores back.
`score_file` and `score_table` are such tasks, functions of a model and a job that know nothing of a
cluster; `running` calls them for all jobs on Ray, which starts them, watches them, and gives the
job of a process or machine that was lost to another. `frame_scorer` is for engines that bring their
own rows, such as Spark.
"""

from typing import TYPE_CHECKING

from sentiment.lazy import exports

if TYPE_CHECKING:
    from sentiment.cluster.engine import Cluster, need_ray, running
    from sentiment.cluster.files import (
        FileJob,
        ScoredFile,
        check_job,
        check_written,
        score_file,
    )
    from sentiment.cluster.frames import frame_scorer
    from sentiment.cluster.tables import (
        ScoredReviews,
        ScoredTable,
        TableJob,
        merge,
        score_table,
    )

__all__ = [
    "Cluster",
    "FileJob",
    "ScoredFile",
    "ScoredReviews",
    "ScoredTable",
    "TableJob",
    "check_job",
    "check_written",
    "frame_scorer",
    "merge",
    "need_ray",
    "running",
    "score_file",
    "score_table",
]

exports(
    __name__,
    {
        "Cluster": "engine",
        "need_ray": "engine",
        "running": "engine",
        "FileJob": "files",
        "ScoredFile": "files",
        "check_job": "files",
        "check_written": "files",
        "score_file": "files",
        "frame_scorer": "frames",
        "ScoredReviews": "tables",
        "ScoredTable": "tables",
        "TableJob": "tables",
        "merge": "tables",
        "score_table": "tables",
    },
)

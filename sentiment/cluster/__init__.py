"""Scoring many files of reviews on a cluster.

The unit of work is a file: one task reads it, scores it, and writes it or returns its scores.
`score_file` and `score_table` are such tasks: functions of a model and a job, independent of any
cluster. `running` starts or joins a Ray cluster, which calls them for all jobs and retries the job
of a lost process or machine elsewhere. `frame_scorer` is for engines that bring their own rows,
such as Spark.
"""

from sentiment.frames import frame_scorer

__all__ = ["frame_scorer"]

"""Many files of reviews on many machines: scored each where there is room.

A file is the unit: one task reads it, scores it and writes it, or gives its scores back.
`score_file` and `score_table` are such tasks, functions of a model and a job that know nothing of a
cluster; `running` calls them for all jobs on Ray, which starts them, watches them, and gives the
job of a process or machine that was lost to another. `frame_scorer` is for engines that bring their
own rows, such as Spark.
"""

from sentiment.cluster.frames import frame_scorer

__all__ = ["frame_scorer"]

"""The HTTP service: a model that many ask at once.

`server` listens, and has uvicorn run the `app`, which finds what answers a path; `requests` turns
bodies into texts, and refuses what is too much for the `limits`; the `service` answers texts of
many together, in a thread. A file goes by `file_endpoints`: `files` reads and writes it, Parquet on
`trial` first.
"""

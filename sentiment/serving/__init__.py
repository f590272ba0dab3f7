"""The HTTP service: a model that many ask at once.

The data flow: `server` listens and runs, `watched` looks after its connections; a `connection`
turns bytes into requests and refuses what comes too slowly or has too large a head; the `app` finds
what answers a path; `asked` turns a body into texts, or `lines` JSON lines, long ones `aside`; the
`service` answers them, gathered by `batching`, in a thread. A file comes as one of `uploads`, is
read and written by `files`, Parquet on `trial` first, and sent back by `file_paths`, as a
`file_query` asks. `exchange` has what is common to requests and answers, `limits` and `meter` how
much there may be of them, `hosts` under which names they come, `page_files` and `openapi` what is
sent as it is.
"""

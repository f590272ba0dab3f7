"""The HTTP service: one model, many clients.

`server` has the limits, the socket and uvicorn; `app` the routes; `requests` reads bodies;
`service` batches texts and answers them. `file_endpoints` receives files, which `files` answers,
those of Parquet after a `trial`.
"""

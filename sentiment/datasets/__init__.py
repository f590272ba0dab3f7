"""Public sets of reviews: fetched from their publishers' sites, then used by name.

`catalog` says which sets there are and how each is laid out; `download` fetches one, checks it and
writes each part of it (`train`, `test`, …) as a CSV file; `cache` is where these are kept, and
turns a name such as `imdb` or `imdb:test` into them.
"""

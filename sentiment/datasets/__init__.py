"""Public datasets of reviews: downloaded from their publishers, then used by name.

`catalog` lists the datasets and their layouts; `download` fetches and checks one and writes each
part of it (`train`, `test`, …) as a CSV file; `cache` stores these files and resolves names such as
`imdb` or `imdb:test`.
"""

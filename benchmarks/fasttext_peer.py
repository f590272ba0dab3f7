"""Print how many tokenized lines a second fastText answers, once its model is loaded."""

import sys
import time
from pathlib import Path

import fasttext

model = fasttext.load_model(sys.argv[1])
with Path(sys.argv[2]).open(encoding="utf-8") as file:
    lines = [line.rstrip("\n").split(" ", 1)[1] for line in file]
begin = time.perf_counter()
model.predict(lines)
print(len(lines) / (time.perf_counter() - begin))

"""Print how many reviews a second VADER scores, once it is loaded; a thousand are enough."""

import csv
import sys
import time
from pathlib import Path

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

score = SentimentIntensityAnalyzer().polarity_scores
with Path(sys.argv[1]).open(encoding="utf-8", newline="") as file:
    texts = [row["text"] for row in csv.DictReader(file)][:1000]
begin = time.perf_counter()
for text in texts:
    score(text)
print(len(texts) / (time.perf_counter() - begin))

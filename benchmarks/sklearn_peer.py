"""What people write with scikit-learn: `train DATA MODEL`, `answer TEXT MODEL`."""

import sys

import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

what, given, model = sys.argv[1:]
if what == "train":
    import pandas as pd

    reviews = pd.read_parquet(given)
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000))
    joblib.dump(pipeline.fit(reviews["text"], reviews["label"]), model)
else:
    print(joblib.load(model).predict_proba([given]))

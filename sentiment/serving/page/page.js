// The page of `sentiment serve`: a review as it is typed, a file, and the model.

import { startFile } from "./file.js";
import { startModel } from "./model.js";
import { startReview } from "./review.js";

const review = startReview();
const file = startFile();
startModel().then(({ threshold, band, labels = ["negative", "positive"], limits }) => {
  review.decideAt({ threshold, band, labels });
  file.answerWith(labels);
  file.takeNoMoreThan(limits.max_file);
});

// The page of `sentiment serve`: a review as it is typed, a file, and the model.

import { startFile } from "./file.js";
import { startModel } from "./model.js";
import { startReview } from "./review.js";

const review = startReview();
const file = startFile();
startModel(({ threshold, band, labels = ["negative", "positive"], limits }, chosen) => {
  review.decideAt({ threshold, band, labels }, chosen);
  file.answerWith(labels, chosen);
  file.takeNoMoreThan(limits.max_file);
});

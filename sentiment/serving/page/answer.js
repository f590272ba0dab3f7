// The answer: a word, a probability, and where it lies between negative and positive.

import { el, show } from "./dom.js";
import { percent, visible } from "./words.js";

const REASONS = {
  "no known words": "The model knows none of these words, so it does not guess.",
  "few known words": "The model knows too few of these words to say.",
};

/** Show an answer on the scale of where the model decides. */
export function showAnswer({ predicted, p_positive: p, reason }, decision) {
  if (predicted === null) {
    showNothing(decision);
    return;
  }
  const unknown = reason in REASONS;
  el("answer").dataset.answer = predicted;
  el("verdict").textContent = predicted;
  el("chance").textContent = unknown ? "no probability of its own" : `${percent(p)} likely to be positive`;
  drawScale(decision);
  place(p, decision.threshold);
  show(el("marker"), true);
  show(el("why"), predicted === "uncertain");
  el("why").textContent = predicted === "uncertain" ? whyOf(reason, p) : "";
}

/** Show that there is nothing to answer. */
export function showNothing(decision) {
  el("answer").dataset.answer = "none";
  el("verdict").textContent = "nothing yet";
  el("chance").textContent = "";
  el("spoken").textContent = "";
  drawScale(decision);
  place(decision.threshold, decision.threshold);
  show(el("marker"), false);
  show(el("why"), false);
}

/** Say the answer to those who listen. */
export function speak({ predicted, p_positive: p, reason }) {
  const chance = reason in REASONS ? "" : `, ${percent(p)} likely to be positive`;
  const why = predicted === "uncertain" ? `. ${whyOf(reason, p)}` : "";
  el("spoken").textContent = predicted === null ? "" : `${predicted}${chance}${why}`;
}

function whyOf(reason, p) {
  if (reason in REASONS) return `${REASONS[reason]} (${percent(p)} is what an empty review gets.)`;
  if (!reason) return "The model would rather not say.";
  return `The probability is ${visible(reason)}, where this model would rather not say.`;
}

function drawScale({ threshold, band }) {
  const [low, high] = (band ?? [threshold, threshold]).map((place) => Math.min(1, Math.max(0, place)));
  set(el("below"), { width: threshold });
  set(el("tick"), { left: threshold });
  set(el("band"), { left: low, width: high - low });
  show(el("band"), high > low);
}

function place(p, threshold) {
  set(el("marker"), { left: p });
  set(el("reach"), { left: Math.min(p, threshold), right: 1 - Math.max(p, threshold) });
}

/** Set places by share of the width; a style sheet cannot know them. */
function set(element, shares) {
  for (const [name, share] of Object.entries(shares)) {
    element.style.setProperty(name, `${(100 * share).toFixed(2)}%`);
  }
}

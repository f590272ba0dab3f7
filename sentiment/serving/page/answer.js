// The answer: a word, its probability, and its position on the scale.

import { el, show } from "./dom.js";
import { percent, visible } from "./words.js";

const REASONS = {
  "no known words": "The model knows none of these words, so it does not guess.",
  "few known words": "The model knows too few of these words to answer.",
};

/** Show an answer on the scale with the model's threshold. */
export function showAnswer({ predicted, p_positive: p, reason }, decision) {
  if (predicted === null) {
    showNothing(decision);
    return;
  }
  const unknown = reason in REASONS;
  el("answer").dataset.answer = predicted;
  el("verdict").textContent = predicted;
  el("chance").textContent = unknown ? "not enough known words" : `${percent(p)} likely to be positive`;
  drawScale(decision);
  place(p, decision.threshold);
  show(el("marker"), true);
  show(el("why"), predicted === "uncertain");
  el("why").textContent = predicted === "uncertain" ? whyOf(reason, p) : "";
}

/** Show that there is no answer. */
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

/** Announce the answer to screen readers. */
export function speak({ predicted, p_positive: p, reason }) {
  const chance = reason in REASONS ? "" : `, ${percent(p)} likely to be positive`;
  const why = predicted === "uncertain" ? `. ${whyOf(reason, p)}` : "";
  el("spoken").textContent = predicted === null ? "" : `${predicted}${chance}${why}`;
}

function whyOf(reason, p) {
  if (reason in REASONS) return `${REASONS[reason]} (An empty review gets ${percent(p)}.)`;
  if (!reason) return "The model abstains here.";
  return `The probability is ${visible(reason)}, where this model abstains.`;
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

/** Set custom properties to shares of the width. */
function set(element, shares) {
  for (const [name, share] of Object.entries(shares)) {
    element.style.setProperty(name, `${(100 * share).toFixed(2)}%`);
  }
}

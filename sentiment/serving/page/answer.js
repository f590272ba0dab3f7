// The answer: a word, its probability, and its position on the scale.

import { el, make, show } from "./dom.js";
import { percent, shownOf, toneOf, visible } from "./words.js";

const MOST_BARS = 8;

// Why a text is not judged: in place of a probability, and as a sentence.
const REASONS = {
  "no known words": ["not enough known words", "The model knows none of these words, so it does not guess."],
  "few known words": ["not enough known words", "The model knows too few of these words to answer."],
  "no opinion": ["no opinion", "The text gives no opinion."],
};

/** Show an answer on the scale with the model's threshold, or with a bar for each class. */
export function showAnswer(facts, decision) {
  const { predicted, reason } = facts;
  if (predicted === null) {
    showNothing(decision);
    return;
  }
  const { labels } = decision;
  el("answer").dataset.answer = toneOf(predicted);
  el("verdict").textContent = visible(predicted);
  el("chance").textContent = unjudged(reason)?.[0] ?? chanceOf(facts, labels);
  drawScale(decision);
  if (labels.length > 2) drawBars(facts, labels);
  else place(shownOf(facts, labels), decision.threshold);
  show(el("marker"), true);
  show(el("why"), predicted === "uncertain");
  el("why").textContent = predicted === "uncertain" ? whyOf(facts, labels) : "";
}

/** Show that there is no answer. */
export function showNothing(decision) {
  el("answer").dataset.answer = "none";
  el("verdict").textContent = "nothing yet";
  el("chance").textContent = "";
  el("spoken").textContent = "";
  drawScale(decision);
  if (decision.labels.length > 2) drawBars({}, decision.labels);
  else place(decision.threshold, decision.threshold);
  show(el("marker"), false);
  show(el("why"), false);
}

/** Announce the answer to screen readers. */
export function speak(facts, { labels }) {
  const { predicted, reason } = facts;
  const chance = unjudged(reason) ? "" : `, ${chanceOf(facts, labels)}`;
  const why = predicted === "uncertain" ? `. ${whyOf(facts, labels)}` : "";
  el("spoken").textContent = predicted === null ? "" : `${visible(predicted)}${chance}${why}`;
}

function chanceOf(facts, labels) {
  const p = percent(shownOf(facts, labels));
  if (labels.length === 2) return `${p} likely to be ${visible(labels[1])}`;
  return labels.includes(facts.predicted) ? `${p} likely` : `no class is more than ${p} likely`;
}

function unjudged(reason) {
  if (!reason?.startsWith("looks ")) return REASONS[reason];
  return ["another language", `The text ${visible(reason)}, which this model does not answer.`];
}

function whyOf(facts, labels) {
  const { reason } = facts;
  if (unjudged(reason)) return `${unjudged(reason)[1]} (An empty review gets ${percent(shownOf(facts, labels))}.)`;
  if (!reason) return "The model abstains here.";
  if (labels.length > 2) return `The answer is ${visible(reason)} for this model.`;
  return `The probability is ${visible(reason)}, where this model abstains.`;
}

/** Draw the probability of each class, the most likely ones of many. */
function drawBars(facts, labels) {
  const p = (name) => facts[`p_${name}`] ?? 0;
  const some = labels.length > MOST_BARS ? [...labels].sort((a, b) => p(b) - p(a)).slice(0, MOST_BARS) : labels;
  el("classes").replaceChildren(...some.map((name) => {
    const bar = make("span", { className: `chance-bar ${toneOf(name)}` });
    set(bar, { width: p(name) });
    const row = make("tr", {}, make("th", { scope: "row" }, visible(name)), make("td", {}, bar),
      make("td", {}, `p_${name}` in facts ? percent(p(name)) : ""));
    row.classList.toggle("chosen", name === facts.predicted);
    return row;
  }));
}

function drawScale({ threshold, band, labels }) {
  const two = labels.length === 2;
  show(el("scale"), two);
  show(el("classes-part"), !two);
  if (!two) return;
  [el("low-end").textContent, el("high-end").textContent] = labels.map(visible);
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

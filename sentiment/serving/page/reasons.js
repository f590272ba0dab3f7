// Why: the most important words and phrases, and what would change the answer.

import { el, make, on, show } from "./dom.js";
import { byWord, favored, pairOf, percent, shownOf, side, signed, toneOf, visible } from "./words.js";

const WORDS = 8;
const PHRASES = 6;
const LEAST = 0.005; // smaller ones round to 0.00
const MOST_ROWS = 2000;
const TRIED = 10; // words that the service removes at most

let putBack = null; // the text before words were taken out of it

/** Show the reasons for an answer, null for none; `put` replaces the text of the field. */
export function showReasons(facts, decision, sheet, put) {
  show(el("reasons"), facts !== null && facts.words.length > 0);
  if (facts === null) return;
  const pair = pairOf(facts, decision.labels);
  const sums = byWord(facts.words);
  const moving = sums.filter(({ contribution }) => Math.abs(contribution) >= LEAST);
  const strongest = [...moving].sort(byStrength).slice(0, WORDS);
  showBars(strongest, pair, sheet);
  showPhrases(facts.phrases.filter(({ contribution }) => Math.abs(contribution) >= LEAST), pair, sheet);
  showSum(facts, moving.length > 0);
  showFlip(facts, decision, sheet, put);
  show(el("flip"), moving.length > 0 || facts.without !== null || putBack?.after === facts.text);
  showTable(sums, pair);
}

const byStrength = (a, b) => Math.abs(b.contribution) - Math.abs(a.contribution);

function showBars(words, pair, sheet) {
  const most = Math.max(...words.map(({ contribution }) => Math.abs(contribution)), 1e-9);
  const rows = [...words].sort((a, b) => b.contribution - a.contribution).map((word) => {
    const bar = make("span", { className: `bar ${side(word.contribution)}` });
    bar.style.setProperty("--share", (Math.abs(word.contribution) / most).toFixed(3));
    const times = word.places.length > 1 ? [make("small", {}, ` ×${word.places.length}`)] : [];
    const row = make("tr", {},
      make("th", { scope: "row" }, make("bdi", {}, visible(word.text)), ...times),
      make("td", { className: "drawn" }, bar, make("span", { className: "unseen" }, favored(word.contribution, pair))),
      make("td", {}, signed(word.contribution)));
    lightOn(row, sheet, word.places);
    return row;
  });
  el("words").replaceChildren(...rows);
  show(el("words").parentElement, rows.length > 0);
}

function showPhrases(phrases, pair, sheet) {
  const items = phrases.slice(0, PHRASES).map(({ text, contribution, places }) => {
    const button = make("button", { type: "button", className: side(contribution) },
      make("bdi", {}, visible(text)), make("b", {}, ` ${signed(contribution)}`),
      make("span", { className: "unseen" }, ` for ${favored(contribution, pair)}`));
    lightOn(button, sheet, places.map(({ start, end }) => [start, end]));
    return make("li", {}, button);
  });
  el("phrases").replaceChildren(...items);
  show(el("phrases"), items.length > 0);
  show(el("phrases-title"), items.length > 0);
}

function showSum({ logit, base, toward, over }, moving) {
  const words = logit - base;
  const of = toward ? ` of ${visible(toward)} over ${visible(over)}` : "";
  el("sum").textContent = moving
    ? `Log-odds${of} ${signed(logit)} = baseline ${signed(base)}, words ${signed(words)}. `
      + "Contributions of phrases are included in those of their words."
    : `No word matters here: the log-odds${of} are the baseline, ${signed(base)}.`;
}

/** Show which words to remove for another answer, with buttons to try it. */
function showFlip(facts, { threshold, labels }, sheet, put) {
  const { text, words, without, predicted } = facts;
  const isFor = labels.length > 2 || shownOf(facts, labels) >= threshold;
  const line = el("flip-line");
  const taken = without?.words ?? [];
  if (without) {
    const names = taken.flatMap((word, n) => [joint(n, taken.length), make("q", {}, visible(word.text))]);
    line.replaceChildren("Without ", ...names, " it would be ",
      make("strong", { className: toneOf(without.predicted) }, visible(without.predicted)),
      ` (${percent(shownOf(without, labels))}).`);
  } else {
    const towards = favored(isFor ? 1 : -1, pairOf(facts, labels));
    line.textContent = `It stays ${visible(predicted)}${inSpiteOf(words, isFor ? 1 : -1, towards)}.`;
  }
  el("flip").onpointerenter = () => sheet.light(taken.map(({ start, end }) => [start, end]));
  el("flip").onpointerleave = () => sheet.light([]);
  const focused = el("flip").contains(document.activeElement) ? document.activeElement : null;
  show(el("flip-try"), taken.length > 0);
  show(el("flip-back"), putBack?.after === text);
  if (focused?.hidden) el("flip").focus({ preventScroll: true }); // else the focus would be lost
  el("flip-try").onclick = () => {
    putBack = { before: text, after: withoutWords(text, taken) };
    put(putBack.after);
  };
  el("flip-back").onclick = () => put(putBack.before);
}

/** Describe the vain attempt: removing the words that favor the answer, strongest first. */
function inSpiteOf(words, sign, towards) {
  const count = words.filter(({ contribution }) => sign * contribution > 0).length;
  if (count === 0) return `: no word favors ${towards}`;
  if (count === words.length && count <= TRIED) return " until no word is left";
  if (count === 1) return ` even without the only word that favors ${towards}`;
  return ` even without the ${Math.min(count, TRIED)} words that favor ${towards} most`;
}

const joint = (n, count) => (n === 0 ? "" : n === count - 1 ? " and " : ", ");

/** Replace words by spaces, as the service does. */
function withoutWords(text, words) {
  let kept = "";
  let done = 0;
  for (const { start, end } of words) {
    kept += `${text.slice(done, start)} `;
    done = end;
  }
  return kept + text.slice(done);
}

function showTable(sums, pair) {
  el("all-words").replaceChildren(...sums.slice(0, MOST_ROWS).map(({ text, contribution, places }) =>
    make("tr", {},
      make("th", { scope: "row" }, make("bdi", {}, visible(text))),
      make("td", {}, String(places.length)),
      make("td", {}, signed(contribution)),
      make("td", {}, Math.abs(contribution) < LEAST ? "neither" : favored(contribution, pair)))));
  const cut = sums.length > MOST_ROWS ? `The first ${MOST_ROWS} of ${sums.length} words` : "All words";
  el("all").firstElementChild.textContent = `${cut} as a table`;
}

function lightOn(element, sheet, places) {
  on(element, "pointerenter", () => sheet.light(places));
  on(element, "pointerleave", () => sheet.light([]));
  on(element, "focus", () => sheet.light(places));
  on(element, "blur", () => sheet.light([]));
}

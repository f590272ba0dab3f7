// What came of a file: counts, shares, notes, and rows of the table.

import { el, grouped, make, rowsOf, show } from "./dom.js";
import { addedNames, OUTCOMES } from "./scoring.js";
import { visible } from "./words.js";

const LONGEST = 240;
const NAMES = { empty: "without text" };

/** Show how many rows have which answer; with the table, what is to be known of it before it is opened. */
export function showOutcome(scores, table = null) {
  const all = Math.max(1, scores.counts.reduce((sum, count) => sum + count, 0));
  const found = OUTCOMES.map((name, n) => [name, scores.counts[n]]).filter(([, count]) => count > 0);
  el("shares").replaceChildren(...found.map(([name, count]) => {
    const share = make("span", { className: name });
    share.style.setProperty("flex-grow", String(count / all));
    return share;
  }));
  el("counts").replaceChildren(...found.map(([name, count]) => make("div", { className: name },
    make("dt", {}, NAMES[name] ?? name),
    make("dd", {}, grouped(count), make("small", {}, ` ${((100 * count) / all).toFixed(1)}%`)))));
  const notes = table === null ? [] : [...notesOn(scores, table)];
  el("notes").replaceChildren(...notes.flatMap((note) => [note, make("br")]).slice(0, -1));
  show(el("notes"), notes.length > 0);
}

function* notesOn(scores, table) {
  const [predicted, p, reason] = addedNames(table.columns);
  yield `The file keeps its own columns; ${visible(predicted)}, ${visible(p)} and ${visible(reason)} are added.`;
  if (scores.garbled > 0) {
    yield `${rowsOf(scores.garbled)} with “\ufffd”, the sign for what could not be read: if letters are missing, choose another encoding.`;
  }
  if (scores.formulas > 0) {
    yield `${rowsOf(scores.formulas)} with what a spreadsheet would take for a formula (=, +, - or @ first), left as it is: import the file as text.`;
  }
}

/** Make the row of a table for a row that is not answered yet. */
export function plainRow(number, text, damage) {
  const answer = make("td", { role: "cell", className: "quiet" }, damage ? "unreadable" : "");
  return tableRow(number, answer, null, text, damage);
}

/** Make the row of a table for an answer. */
export function outcomeRow(number, text, [outcome, p, reason]) {
  const name = OUTCOMES[outcome];
  const answer = make("td", { role: "cell" }, make("span", { className: `answered ${name}` }, NAMES[name] ?? name));
  return tableRow(number, answer, p, text, reason);
}

function tableRow(number, answer, p, text, reason) {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  const why = reason ? [make("small", {}, visible(reason))] : [];
  // On a phone a row is no table row to the style sheet; to a screen reader it is.
  return make("tr", { role: "row" }, make("th", { role: "rowheader", scope: "row" }, grouped(number)), answer,
    make("td", { role: "cell" }, p === null ? "" : p.toFixed(4)),
    make("td", { role: "cell", className: "words" }, make("bdi", {}, visible(short.replace(/\s+/g, " "))), ...why));
}

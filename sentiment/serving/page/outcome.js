// What came of a file: counts, shares, notes, and rows of the table.

import { el, grouped, make, rowsOf, show } from "./dom.js";
import { inWords, visible } from "./words.js";

const NAMES = { without_text: "without text" };

/** Show how many rows came to what. */
export function showOutcome({ rows, outcomes }) {
  const found = Object.entries(outcomes).filter(([, count]) => count > 0);
  el("shares").replaceChildren(...found.map(([name, count]) => {
    const share = make("span", { className: name });
    share.style.setProperty("flex-grow", String(count / rows));
    return share;
  }));
  el("counts").replaceChildren(...found.map(([name, count]) => make("div", { className: name },
    make("dt", {}, NAMES[name] ?? name),
    make("dd", {}, grouped(count), make("small", {}, ` ${((100 * count) / rows).toFixed(1)}%`)))));
}

/** Show what is to be known of a result before it is opened. */
export function showNotes({ outcomes, errors, formulas }, name) {
  const notes = [];
  const unreadable = outcomes.unreadable ?? 0;
  if (unreadable > 0) {
    const first = errors[0].replace(`${name}, `, "");
    notes.push(`${rowsOf(unreadable)} that cannot be read${unreadable === 1 ? "" : "; the first"}: ${inWords(first)}`);
  }
  if (formulas > 0) {
    notes.push(`${rowsOf(formulas)} with what a spreadsheet would take for a formula (=, +, - or @ first), left as it is: import the file as text.`);
  }
  el("notes").replaceChildren(...notes.flatMap((note) => [visible(note), make("br")]).slice(0, -1));
  show(el("notes"), notes.length > 0);
}

/** Make the row of a table for one of the first rows, as the service tells of it. */
export function rowOf({ number, text, outcome, p_positive: p, reason }) {
  const why = reason ? [make("small", {}, visible(inWords(reason)))] : [];
  // On a phone a row is no table row to the style sheet; to a screen reader it is.
  return make("tr", { role: "row" },
    make("th", { role: "rowheader", scope: "row" }, grouped(number)),
    make("td", { role: "cell" }, make("span", { className: `answered ${outcome}` }, NAMES[outcome] ?? outcome)),
    make("td", { role: "cell" }, p === null ? "" : p.toFixed(4)),
    make("td", { role: "cell", className: "words" }, make("bdi", {}, visible(text.replace(/\s+/g, " "))), ...why));
}

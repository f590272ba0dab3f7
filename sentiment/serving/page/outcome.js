// The results of a file: counts, shares, notes, and table rows.

import { el, grouped, make, rowsOf, show } from "./dom.js";
import { inWords, shownOf, toneOf, visible } from "./words.js";

const NAMES = { without_text: "without text" };

/** Show the number of rows by outcome. */
export function showOutcome({ rows, outcomes }) {
  const found = Object.entries(outcomes).filter(([, count]) => count > 0);
  el("shares").replaceChildren(...found.map(([name, count]) => {
    const share = make("span", { className: toneOf(name) });
    share.style.setProperty("flex-grow", String(count / rows));
    return share;
  }));
  el("counts").replaceChildren(...found.map(([name, count]) => make("div", { className: toneOf(name) },
    make("dt", {}, NAMES[name] ?? visible(name)),
    make("dd", {}, grouped(count), make("small", {}, ` ${((100 * count) / rows).toFixed(1)}%`)))));
}

/** Show warnings about a result. */
export function showNotes({ outcomes, errors, notes: found, formulas }, name) {
  const notes = found.map(inWords);
  const unreadable = outcomes.unreadable ?? 0;
  if (unreadable > 0) {
    const first = errors[0].replace(`${name}, `, "");
    notes.push(`${rowsOf(unreadable)} unreadable${unreadable === 1 ? "" : "; the first"}: ${inWords(first)}`);
  }
  if (formulas > 0) {
    notes.push(`${rowsOf(formulas)} with a cell that a spreadsheet would read as a formula (starting with =, +, - or @): import the file as text.`);
  }
  el("notes").replaceChildren(...notes.flatMap((note) => [visible(note), make("br")]).slice(0, -1));
  show(el("notes"), notes.length > 0);
}

/** Return the table row for one of the rows `shown` by the service. */
export function rowOf({ number, text, outcome, reason, ...answer }, labels) {
  const p = shownOf({ ...answer, predicted: outcome }, labels);
  const why = reason ? [make("small", {}, visible(inWords(reason)))] : [];
  // On phones the style sheet changes the display of rows, which would hide their role.
  return make("tr", { role: "row" },
    make("th", { role: "rowheader", scope: "row" }, grouped(number)),
    make("td", { role: "cell" }, make("span", { className: `answered ${toneOf(outcome)}` }, NAMES[outcome] ?? visible(outcome))),
    make("td", { role: "cell" }, p ? p.toFixed(4) : ""),
    make("td", { role: "cell", className: "words" }, make("bdi", {}, visible(text.replace(/\s+/g, " "))), ...why));
}

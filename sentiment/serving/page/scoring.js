// A table scored row by row, in batches, and the answers written beside its rows.

import { csvLine } from "./csv.js";
import { breath } from "./table.js";

const ROWS = 512;
const CHARACTERS = 400_000;
const AT_ONCE = 2;

// How an answer is kept: a number a row. The last two are no answers of the model.
export const OUTCOMES = ["positive", "negative", "uncertain", "empty", "unreadable"];
const [EMPTY, UNREADABLE] = [3, 4];

// What a spreadsheet takes for a formula; a plain number with a sign is none.
const FORMULA = /^[=+\-@\t\r](?!\d*[.,]?\d*$)/;

/** The answers to the rows of a table, in order; they grow as these come. */
export class Scores {
  constructor() {
    this.count = 0; // rows that are answered, and all before them
    this.counts = OUTCOMES.map(() => 0); // of these
    this.formulas = 0; // rows with a cell that a spreadsheet would take for one
    this.garbled = 0; // rows with what could not be decoded
    this.answers = []; // [outcome, p_positive, reason] a row
  }

  /** Keep the answers of the rows from a place on. */
  put(at, answers) {
    answers.forEach((answer, n) => (this.answers[at + n] = answer));
    for (; this.answers[this.count] !== undefined; this.count += 1) this.counts[this.answers[this.count][0]] += 1;
  }
}

/**
 * Score a table.
 * @param {import("./table.js").Table} table
 * @param {number} column that holds the text
 * @param {(texts: string[], signal: AbortSignal) => Promise<object[]>} predict asks until there is an answer
 * @param {Scores} scores where the answers go
 * @param {AbortSignal} signal
 * @param {(read: number) => void} report called when a batch is answered: how many bytes are done
 */
export async function scoreTable(table, column, predict, scores, signal, report) {
  const running = new Set();
  let failed = null;
  let at = 0;
  let batch = newBatch(0);

  async function send({ from, texts, places, outcomes, read }) {
    const answers = texts.length > 0 ? await predict(texts, signal) : [];
    answers.forEach((answer, n) => (outcomes[places[n]] = outcomeOf(answer)));
    scores.put(from, outcomes);
    if (!signal.aborted) report(read);
  }
  async function flush() {
    const job = send(batch).catch((error) => (failed ??= error)).finally(() => running.delete(job));
    running.add(job);
    batch = newBatch(at);
    while (running.size >= AT_ONCE) await Promise.race(running);
  }

  let done = 0;
  for await (const { rows, read } of table.slices()) {
    for (const [n, row] of rows.entries()) {
      const cells = table.cellsOf(row);
      if (cells.some((cell) => FORMULA.test(cell))) scores.formulas += 1;
      if ([row.raw, ...cells].some((cell) => cell.includes("\ufffd"))) scores.garbled += 1;
      add(batch, row, table.textOf(row, column));
      at += 1;
      batch.read = done + ((read - done) * (n + 1)) / rows.length;
      if (batch.outcomes.length >= ROWS || batch.size >= CHARACTERS) await flush();
      if (failed) throw failed;
      signal.throwIfAborted();
    }
    done = read;
  }
  if (batch.outcomes.length > 0) await flush();
  await Promise.all(running);
  if (failed) throw failed;
}

const newBatch = (from) => ({ from, texts: [], places: [], outcomes: [], size: 0, read: 0 });

function add(batch, row, text) {
  if (row.damage) {
    batch.outcomes.push([UNREADABLE, null, row.damage]);
  } else if (text.trim() === "") {
    batch.outcomes.push([EMPTY, null, ""]);
  } else {
    batch.places.push(batch.outcomes.length);
    batch.texts.push(text);
    batch.outcomes.push(undefined);
    batch.size += text.length;
  }
}

function outcomeOf({ predicted, p_positive: p, reason, error }) {
  if (error) return [UNREADABLE, null, String(error)];
  const outcome = predicted ? OUTCOMES.indexOf(predicted) : EMPTY;
  return [outcome < 0 ? UNREADABLE : outcome, p ?? null, reason ?? ""];
}

/** Name the columns that are added; other names where a table has these. */
export function addedNames(columns) {
  const taken = new Set(columns);
  const names = ["predicted", "p_positive", "reason"];
  let prefix = "";
  while (names.some((name) => taken.has(prefix + name))) prefix += "sentiment_";
  return names.map((name) => prefix + name);
}

/** Write the rows with their answers as CSV, as far as they are answered. */
export async function asCsv(table, scores) {
  const { format, bom, encoding, header } = table.how;
  const delimiter = format === "csv" ? table.how.delimiter : ",";
  const parts = bom || encoding !== "utf-8" ? ["\ufeff"] : [];
  const named = header || !["csv", "tsv"].includes(format);
  if (named) parts.push(csvLine([...table.columns, ...addedNames(table.columns)], delimiter));
  await everyRow(table, scores, parts, (row, answer) =>
    csvLine([...table.cellsOf(row), ...cellsOfAnswer(answer)], delimiter));
  return new Blob(parts, { type: "text/csv;charset=utf-8" });
}

/** Write the rows with their answers as JSON lines; lines that were JSON stay as they stand. */
export async function asJsonLines(table, scores) {
  const parts = [];
  const names = uniqueNames(table.columns);
  const added = addedNames(table.columns);
  await everyRow(table, scores, parts, (row, answer) => {
    const [outcome, p, reason] = answer;
    const values = [outcome < EMPTY ? OUTCOMES[outcome] : null, p, reason || null];
    const more = added.map((name, n) => `${JSON.stringify(name)}:${JSON.stringify(values[n])}`).join(",");
    const own = ownMembers(row, names);
    return `{${own}${own ? "," : ""}${more}}\n`;
  });
  return new Blob(parts, { type: "application/x-ndjson" });
}

function ownMembers(row, names) {
  if (row.object) return row.raw.trim().slice(1, -1).trim();
  if (row.cells.length === 0) return `"raw":${JSON.stringify(row.raw)}`;
  return names.map((name, n) => `${JSON.stringify(name)}:${JSON.stringify(row.cells[n])}`).join(",");
}

function cellsOfAnswer([outcome, p, reason]) {
  return [outcome < EMPTY ? OUTCOMES[outcome] : "", p === null ? "" : String(p), reason];
}

/** Read the file once more, and write a line for each row that is answered; a Blob need not stay in memory. */
async function everyRow(table, scores, parts, write) {
  let at = 0;
  for await (const { rows } of table.as({}).slices()) {
    const lines = rows.slice(0, scores.count - at).map((row, n) => write(row, scores.answers[at + n]));
    parts.push(new Blob([lines.join("")]));
    at += rows.length;
    if (at >= scores.count) break;
    await breath();
  }
}

function uniqueNames(names) {
  const seen = new Set();
  return names.map((name) => {
    let unique = name;
    for (let n = 2; seen.has(unique); n += 1) unique = `${name}_${n}`;
    seen.add(unique);
    return unique;
  });
}

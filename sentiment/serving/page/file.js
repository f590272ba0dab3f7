// A file of reviews: chosen or dropped, looked at, scored row by row, and given back with its answers.

import { el, grouped, make, on, rowsOf, show } from "./dom.js";
import { guessColumn } from "./names.js";
import { outcomeRow, plainRow, showOutcome } from "./outcome.js";
import { asCsv, asJsonLines, Scores, scoreTable } from "./scoring.js";
import { predict } from "./service.js";
import { Table } from "./table.js";
import { visible } from "./words.js";

const SHOWN = 100;
const PREVIEW = 5;
const BUSY_TRIES = 8; // before people are asked whether to try again
const SPEAK_EACH = 10_000; // milliseconds

/** Take files that are chosen, or dropped anywhere on the page. */
export function startFile() {
  const plan = new Plan();
  on(el("choose"), "change", () => {
    if (el("choose").files.length > 0) plan.take(el("choose").files);
    el("choose").value = ""; // the same file may be chosen again
  });
  on(document, "dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    el("drop").classList.add("over");
  });
  on(document, "dragleave", (event) => event.relatedTarget === null && el("drop").classList.remove("over"));
  on(document, "drop", (event) => {
    el("drop").classList.remove("over");
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    plan.take(event.dataTransfer.files);
    el("file").scrollIntoView();
  });
  for (const name of ["format", "delimiter", "encoding", "header"]) on(el(name), "change", () => plan.reread());
  on(el("column"), "change", () => plan.preview());
  on(el("plan"), "submit", () => plan.score());
  on(el("cancel"), "click", () => plan.stop());
  on(el("as-csv"), "click", () => plan.download(asCsv, "csv"));
  on(el("as-jsonl"), "click", () => plan.download(asJsonLines, "jsonl"));
}

/** What is to be done with a file, and how far it is. */
class Plan {
  #table = null;
  #first = []; // rows
  #scores = null;
  #abort = null;
  #taken = 0; // counts files and readings; what belongs to an older one is not shown

  /** Look at a file, the first that was given. */
  async take([file, ...others]) {
    this.stop();
    const number = ++this.#taken;
    try {
      await this.#open(await Table.open(file), number);
      if (others.length > 0 && number === this.#taken) this.#complain(`One file at a time: this is ${file.name}.`);
    } catch (error) {
      if (number !== this.#taken) return;
      show(el("plan"), false);
      this.#complain(`${file.name}: ${error.message}`);
    }
  }

  /** Read the file as the person says it is. */
  async reread() {
    this.stop();
    const changes = { header: el("header").checked };
    for (const name of ["format", "delimiter", "encoding"]) changes[name] = el(name).value;
    try {
      await this.#open(this.#table.as(changes), ++this.#taken);
    } catch (error) {
      this.#complain(error.message);
    }
  }

  async #open(table, number) {
    const first = await table.first(SHOWN);
    if (number !== this.#taken) return;
    [this.#table, this.#first, this.#scores] = [table, first, null];
    const { file, how } = table;
    show(el("file-trouble"), false);
    show(el("plan"), true);
    el("file-name").textContent = visible(file.name);
    el("file-size").textContent = sizeOf(file.size);
    for (const name of ["format", "delimiter", "encoding"]) el(name).value = how[name];
    el("header").checked = how.header;
    show(el("delimiter-field"), how.format === "csv");
    show(el("header-field"), how.format === "csv" || how.format === "tsv");
    show(el("column-field"), how.format !== "lines");
    el("column").replaceChildren(...table.columns.map((name, n) => make("option", { value: String(n) }, visible(name) || `column ${n + 1}`)));
    const lengthOf = (column) => first.reduce((sum, row) => sum + table.textOf(row, column).length, 0);
    el("column").value = String(guessColumn(table.columns, lengthOf));
    this.preview();
    const rows = first.length < SHOWN ? rowsOf(first.length) : "its first rows are shown";
    el("file-spoken").textContent = `${visible(file.name)}: ${rows}`;
  }

  /** Show the first rows as they are read, without answers. */
  preview() {
    this.stop();
    this.#scores = null;
    for (const name of ["cancel", "progress-part", "outcome"]) show(el(name), false);
    show(el("start"), true);
    el("start").textContent = "Score the rows";
    el("rows").replaceChildren(...this.#first.slice(0, PREVIEW).map((row, n) => plainRow(n + 1, this.#textOf(row), row.damage)));
    el("start").disabled = this.#first.length === 0;
    el("rows-title").textContent = this.#first.length > 0 ? "The first rows" : "There are no rows in it.";
  }

  /** Score every row. */
  async score() {
    if (this.#abort || this.#table === null) return;
    const abort = (this.#abort = new AbortController());
    const [table, scores] = [this.#table.as({}), new Scores()];
    this.#scores = scores;
    const began = performance.now();
    let spoken = began;
    let end = "";
    this.#began();
    const report = (read) => {
      el("progress").value = Math.max(el("progress").value, read / table.file.size);
      showProgress(scores, began);
      this.#showRows(scores);
      if (performance.now() - spoken < SPEAK_EACH) return;
      spoken = performance.now();
      el("file-spoken").textContent = `${rowsOf(scores.count)} answered`;
    };
    try {
      await scoreTable(table, Number(el("column").value), this.#patiently, scores, abort.signal, report);
      end = `${rowsOf(scores.count)} answered.`;
    } catch (error) {
      end = `Stopped after ${rowsOf(scores.count)}.`;
      if (!abort.signal.aborted) this.#complain(error.message);
    }
    if (this.#scores !== scores) return; // another file was taken, or another column
    this.#table = table;
    this.#ended(end, began);
  }

  /** Stop scoring; what is answered can still be downloaded. */
  stop() {
    this.#abort?.abort(new DOMException("stopped", "AbortError"));
    this.#abort = null;
    show(el("file-trouble"), false);
  }

  /** Give the rows back with their answers. */
  async download(write, suffix) {
    const [table, scores] = [this.#table, this.#scores];
    for (const name of ["as-csv", "as-jsonl"]) el(name).disabled = true;
    try {
      const href = URL.createObjectURL(await write(table, scores));
      make("a", { href, download: `${table.file.name.replace(/\.[^.]*$/, "")}.scored.${suffix}` }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000);
    } catch (error) {
      this.#complain(error.message);
    }
    for (const name of ["as-csv", "as-jsonl"]) el(name).disabled = false;
  }

  #began() {
    show(el("file-trouble"), false);
    show(el("start"), false);
    show(el("cancel"), true);
    show(el("progress-part"), true);
    show(el("outcome"), true);
    show(el("downloads"), false);
    show(el("notes"), false);
    el("cancel").focus({ preventScroll: true });
    el("progress").value = 0;
    el("rows").replaceChildren();
    el("file-spoken").textContent = "Scoring";
  }

  #ended(line, began) {
    const focused = document.activeElement === el("cancel");
    this.#abort = null;
    show(el("cancel"), false);
    show(el("start"), true);
    el("start").textContent = "Score again";
    showProgress(this.#scores, began, line);
    this.#showRows(this.#scores);
    showOutcome(this.#scores, this.#table);
    show(el("downloads"), this.#scores.count > 0);
    if (focused) (this.#scores.count > 0 ? el("as-csv") : el("start")).focus({ preventScroll: true });
    el("file-spoken").textContent = line;
  }

  #showRows(scores) {
    showOutcome(scores);
    const rows = el("rows");
    for (let n = rows.childElementCount; n < Math.min(scores.count, this.#first.length); n += 1) {
      rows.append(outcomeRow(n + 1, this.#textOf(this.#first[n]), scores.answers[n]));
    }
  }

  /** Ask until there is an answer: by itself while the service is busy, else when the person says so. */
  #patiently = async (texts, signal) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await predict(texts, signal);
      } catch (trouble) {
        if (signal.aborted || trouble.again === false) throw trouble;
        if (trouble.wait > 0 && tries < BUSY_TRIES) {
          await new Promise((done) => {
            setTimeout(done, trouble.wait * tries);
            signal.addEventListener("abort", done, { once: true });
          });
        } else {
          await this.#askAgain(trouble, signal);
        }
        signal.throwIfAborted();
      }
    }
  };

  #askAgain({ message }, signal) {
    this.#complain(message, true);
    return new Promise((done) => {
      const go = () => {
        show(el("file-trouble"), false);
        done();
      };
      el("file-again").addEventListener("click", go, { once: true });
      addEventListener("online", go, { once: true });
      signal.addEventListener("abort", go, { once: true });
    });
  }

  #complain(line, again = false) {
    el("file-trouble-line").textContent = visible(line);
    show(el("file-again"), again);
    show(el("file-trouble"), true);
  }

  #textOf(row) {
    return this.#table.textOf(row, Number(el("column").value));
  }
}

function showProgress(scores, began, line = "") {
  const seconds = (performance.now() - began) / 1000;
  const speed = seconds > 0.5 ? ` · ${grouped(Math.round(scores.count / seconds))} a second` : "";
  el("progress-line").textContent = (line || `${rowsOf(scores.count)} answered`) + speed;
}

function sizeOf(bytes) {
  return bytes < 1e6 ? `${grouped(Math.ceil(bytes / 1e3))} kB` : `${grouped(Number((bytes / 1e6).toFixed(1)))} MB`;
}

// A file of reviews: chosen or dropped, previewed, sent to the service, downloaded with its answers.

import { el, grouped, make, on, rowsOf, show } from "./dom.js";
import { rowOf, showNotes, showOutcome } from "./outcome.js";
import { answerFile } from "./service.js";
import { inWords, visible } from "./words.js";

const PREVIEW = 5; // rows
const BEGINNING = 1_000_000; // bytes sent for a preview, if a part of the file can be read
const BUSY_TRIES = 8; // before the user is asked to try again
const SPEAK_EACH = 10_000; // milliseconds
const DRAW_EACH = 100;
const NAMES = { csv: "CSV", tsv: "TSV", json: "JSON", jsonl: "JSON lines", parquet: "Parquet", xlsx: "Excel" };
const AS_A_WHOLE = ["parquet", "xlsx"]; // formats that a part of a file cannot be read as
const NOT_READ = "it cannot be read; is it a folder, or deleted?";
const CHANGED = "it was changed or deleted after it was chosen; choose it again";
// What the user may choose, and what is then detected again.
const CHOICES = { format: ["header", "column"], sheet: ["header", "column"], encoding: ["header", "column"], on_bad_bytes: [], header: ["column"], column: [] };

/** Handle files that are chosen, or dropped anywhere on the page. */
export function startFile() {
  const plan = new Plan();
  on(el("choose"), "change", () => {
    if (el("choose").files.length > 0) plan.take(el("choose").files);
    el("choose").value = ""; // so that the same file can be chosen again
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
  for (const name of Object.keys(CHOICES)) on(el(name), "change", () => plan.choose(name));
  on(el("to"), "change", () => plan.preview());
  on(el("plan"), "submit", () => plan.score());
  on(el("cancel"), "click", () => plan.stop());
  on(el("download"), "click", () => plan.download());
  on(el("file-again"), "click", () => plan.again());
  return plan;
}

/** A file, its options, and its results. */
class Plan {
  #file = null;
  #taken = 0; // number of files chosen; an outdated one is not shown
  #most = Infinity; // bytes that the service accepts
  #chosen = {}; // the user's choices
  #found = null; // what the service has detected
  #result = null; // { rows, outcomes, parts, complete, … }
  #abort = null; // aborts the current request
  #labels = ["negative", "positive"]; // the classes of the model

  /** Set the maximum size of a file. */
  takeNoMoreThan(bytes) {
    this.#most = bytes;
  }

  /** Set the classes of the model, and preview the file again if it is another one. */
  answerWith(labels, another = false) {
    this.#labels = labels;
    if (another && this.#file) this.preview();
    el("p-title").textContent = labels.length === 2 ? `p ${visible(labels[1])}` : "p of answer";
  }

  /** Preview the first of the given files. */
  async take([file, ...others]) {
    this.stop();
    const number = ++this.#taken;
    const readable = await isThere(file);
    if (number !== this.#taken) return;
    if (!readable || file.size > this.#most) {
      show(el("plan"), false);
      const large = `it has ${sizeOf(file.size)}; the limit is ${sizeOf(this.#most)}`;
      return this.#complain(`${file.name}: ${readable ? large : NOT_READ}`);
    }
    [this.#file, this.#chosen] = [file, { encoding: "utf-8", on_bad_bytes: "bad-row" }];
    el("to").value = "";
    for (const name of ["found", "sheet-field", "column-field", "header-field", "rows-part"]) show(el(name), false);
    await this.preview();
    if (others.length > 0 && file === this.#file) this.#complain(`One file at a time: this is ${file.name}.`);
  }

  /** Apply a choice of the user. */
  choose(name) {
    this.#chosen[name] = name === "header" ? el(name).checked : el(name).value;
    for (const other of CHOICES[name]) delete this.#chosen[other];
    return this.preview();
  }

  /** Show what is detected, and the first rows with their answers. */
  async preview() {
    // JSON may come by column: then the beginning has no rows.
    const whole = /\.(parquet|pq|xlsx|xlsm|zip|json)$/i.test(this.#file.name) || [...AS_A_WHOLE, "json"].includes(this.#chosen.format);
    const cut = !whole && this.#file.size > BEGINNING;
    const query = { ...this.#query(this.#chosen), rows: PREVIEW, cut };
    this.#reset();
    const shown = [];
    const asked = await this.#ask(query, cut ? this.#file.slice(0, BEGINNING) : this.#file, (event) => {
      if (event.event === "opened") this.#open(event);
      if (event.shown) shown.push(...event.shown);
    });
    if (!asked) return;
    el("rows").replaceChildren(...shown.map((row) => rowOf(row, this.#labels)));
    show(el("rows-part"), this.#found !== null && this.#found.error === null);
    if (this.#found === null) return;
    el("start").disabled = shown.length === 0;
    el("rows-title").textContent = shown.length > 0 ? "The first rows" : "The file has no rows.";
    const rows = shown.length < PREVIEW ? rowsOf(shown.length) : "the first rows are shown";
    el("file-spoken").textContent = `${visible(this.#file.name)}: ${rows}`;
  }

  /** Score all rows. */
  async score() {
    if (this.#abort || this.#found === null) return;
    const { format, header, sheet, text_columns: [column] } = this.#found;
    const { encoding, on_bad_bytes } = this.#chosen;
    const result = { rows: 0, outcomes: {}, share: null, parts: [], errors: [], notes: [], formulas: 0, began: performance.now() };
    let [timer, spoken] = [null, result.began];
    this.#result = result;
    this.#began();
    await this.#ask(this.#query({ format, sheet, encoding, on_bad_bytes, header, column }), this.#file, (event) => {
      if (event.event === "opened") Object.assign(result, { name: event.result, to: event.to, share: 0 });
      if (event.event === "part") result.parts.push(bytesOf(event.base64));
      if (event.event === "rows") {
        if (event.part) result.parts.push(new Blob([event.part])); // which the browser may keep on disk
        result.errors.push(...event.errors);
        result.notes.push(...(event.notes ?? []));
        for (const name of ["rows", "outcomes", "share", "formulas"]) result[name] = event[name];
        el("rows").append(...event.shown.map((row) => rowOf(row, this.#labels)));
        result.complete = event.end;
      }
      timer ??= setTimeout(() => {
        timer = null;
        if (this.#result === result) this.#draw();
      }, DRAW_EACH);
      const now = performance.now();
      if (now - spoken > SPEAK_EACH) {
        spoken = now;
        el("file-spoken").textContent = `${rowsOf(result.rows)} answered`;
      }
    });
    clearTimeout(timer);
    if (this.#result === result) this.#ended(); // unless another file or option was chosen
  }

  /** Abort the request; rows already answered can still be downloaded. */
  stop() {
    this.#abort?.abort(new DOMException("stopped", "AbortError"));
    this.#abort = null;
    show(el("file-trouble"), false);
  }

  /** Repeat the failed request. */
  again() {
    show(el("file-trouble"), false);
    if (this.#result) return this.score();
    return this.preview();
  }

  /** Save the result. */
  download() {
    const { parts, name } = this.#result;
    const href = URL.createObjectURL(new Blob(parts));
    make("a", { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
  }

  #query({ format, sheet, encoding, on_bad_bytes, header, column }) {
    const said = { name: this.#file.name, format, sheet, encoding, on_bad_bytes, header, text_column: column, to: el("to").value };
    return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined && value !== null));
  }

  /** Ask the service, retrying while it is busy; false if there is a newer request. */
  async #ask(query, body, take) {
    const [abort, file] = [new AbortController(), this.#file];
    this.#abort = abort;
    for (let tries = 1; this.#abort === abort; tries += 1) {
      try {
        for await (const event of answerFile(query, body, abort.signal)) {
          if (this.#abort !== abort) return false;
          if (event.event === "error") this.#complain(event.error);
          else take(event);
        }
        break;
      } catch (trouble) {
        if (this.#abort !== abort) return false;
        if (trouble.wait > 0 && tries < BUSY_TRIES) {
          await pause(trouble.wait * tries, abort.signal);
        } else {
          const changed = !(await isThere(file));
          if (this.#abort !== abort) return false;
          this.#complain(changed ? `${file.name}: ${CHANGED}` : trouble.message, !changed && trouble.again);
          break;
        }
      }
    }
    if (this.#abort !== abort) return false;
    this.#abort = null;
    return true;
  }

  /** Show what was detected. */
  #open(found) {
    this.#found = found;
    const { format, header, sheets, sheet, columns, text_columns: [column], notes, error } = found;
    el("format").value = format;
    el("header").checked = header === true;
    show(el("header-field"), header !== null);
    show(el("sheet-field"), sheets.length > 1);
    el("sheet").replaceChildren(...sheets.map((name) => make("option", { value: name }, visible(name))));
    el("sheet").value = sheet ?? "";
    show(el("column-field"), format !== "lines");
    const options = columns.map((name) => make("option", { value: name }, visible(name) || "(no name)"));
    if (column === undefined) options.unshift(make("option", { value: "", disabled: true }, "choose …"));
    el("column").replaceChildren(...options);
    el("column").value = column ?? "";
    el("found").textContent = visible(notes.join("; "));
    show(el("found"), notes.length > 0);
    if (error !== null) this.#complain(error);
  }

  /** Show the file without any results. */
  #reset() {
    this.stop();
    [this.#found, this.#result] = [null, null];
    for (const name of ["cancel", "progress-part", "outcome"]) show(el(name), false);
    for (const name of ["plan", "start"]) show(el(name), true);
    el("file-name").textContent = visible(this.#file.name);
    el("file-size").textContent = sizeOf(this.#file.size);
    el("format").value = this.#chosen.format ?? "";
    for (const name of ["encoding", "on_bad_bytes"]) el(name).value = this.#chosen[name];
    el("start").textContent = "Score the rows";
    el("start").disabled = true;
  }

  #began() {
    show(el("file-trouble"), false);
    show(el("start"), false);
    for (const name of ["cancel", "progress-part", "outcome"]) show(el(name), true);
    for (const name of ["downloads", "notes"]) show(el(name), false);
    el("cancel").focus({ preventScroll: true });
    el("rows").replaceChildren();
    this.#draw();
    el("file-spoken").textContent = "Scoring";
  }

  #ended() {
    const result = this.#result;
    const focused = document.activeElement === el("cancel");
    const line = result.complete ? `${rowsOf(result.rows)} answered.` : `Stopped after ${rowsOf(result.rows)}.`;
    if (!result.complete && result.to === "json" && result.rows > 0) result.parts.push(new Blob(["\n]\n"]));
    // Without its end, such a file is unreadable.
    const given = result.complete || (result.rows > 0 && !AS_A_WHOLE.includes(result.to));
    show(el("cancel"), false);
    show(el("start"), true);
    el("start").textContent = "Score again";
    this.#draw(line);
    showNotes(result, this.#file.name);
    show(el("downloads"), given);
    if (given) el("download").textContent = `Download ${NAMES[result.to]}`;
    if (focused) el(given ? "download" : "start").focus({ preventScroll: true });
    el("file-spoken").textContent = line;
  }

  #draw(line = "") {
    showProgress(this.#result, this.#file, line);
    showOutcome(this.#result);
  }

  #complain(line, again = false) {
    el("file-trouble-line").textContent = visible(inWords(line));
    show(el("file-again"), again);
    show(el("file-trouble"), true);
  }
}

const isThere = (file) => file.slice(0, 1).arrayBuffer().then(() => true, () => false);

const bytesOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

function pause(time, signal) {
  return new Promise((done) => {
    setTimeout(done, time);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** Show the progress; browsers do not report that of an upload. */
function showProgress({ rows, share, began }, file, line = "") {
  if (share === null) el("progress").removeAttribute("value");
  else el("progress").value = share;
  const seconds = (performance.now() - began) / 1000;
  const speed = rows > 0 && seconds > 0.5 ? ` · ${grouped(Math.round(rows / seconds))} a second` : "";
  const now = share === null ? `Sending ${sizeOf(file.size)} …` : `${rowsOf(rows)} answered`;
  el("progress-line").textContent = (line || now) + speed;
}

function sizeOf(bytes) {
  return bytes < 1e6 ? `${grouped(Math.ceil(bytes / 1e3))} kB` : `${grouped(Number((bytes / 1e6).toFixed(1)))} MB`;
}

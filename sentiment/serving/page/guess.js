// What a file seems to be, by its name and how it begins: its encoding, its format, how its rows are cut.

import { CsvReader } from "./csv.js";
import { TsvReader } from "./lines.js";
import { isHeader } from "./names.js";

const MARKS = [["utf-8", [0xef, 0xbb, 0xbf]], ["utf-16le", [0xff, 0xfe]], ["utf-16be", [0xfe, 0xff]]];
const NOT_READ = "not text: save it as CSV, JSON lines or plain text";
const ARRAY = "one JSON array: write one object a line (JSON lines)";
const LOOKED_AT = 100; // rows below a first one

/**
 * How a file is read.
 * @typedef {{format: string, encoding: string, delimiter: string, header: boolean, bom: boolean}} How
 */

/**
 * Guess how a file is to be read.
 * @param {string} name
 * @param {Uint8Array} start its first bytes
 * @param {boolean} whole whether these are all
 * @returns {How}
 */
export function guess(name, start, whole) {
  const [marked] = MARKS.find(([, mark]) => mark.every((byte, n) => start[n] === byte)) ?? [];
  if (!marked?.startsWith("utf-16") && start.includes(0)) throw new Error(NOT_READ);
  const encoding = marked ?? encodingOf(start);
  const text = new TextDecoder(encoding).decode(start, { stream: true });
  if (/\.json$/i.test(name) && /^\s*\[/.test(text)) throw new Error(ARRAY);
  const format = formatOf(name, text);
  const delimiter = sniffDelimiter(text);
  const reader = format === "tsv" ? new TsvReader() : new CsvReader(delimiter);
  const records = reader.push(text);
  // As predict, which looks at a last line that nothing ends only where there is no other below the first.
  if (whole && filled(records).length < 2) records.push(...reader.finish());
  return { format, encoding, delimiter, header: hasHeader(records), bom: marked !== undefined };
}

/** Tell UTF-8, even with a few wrong bytes in it, from Windows-1252, of which most letters beyond ASCII are wrong. */
function encodingOf(bytes) {
  const decoded = (fatal) => new TextDecoder("utf-8", { fatal }).decode(bytes, { stream: true }); // it may be cut anywhere
  try {
    decoded(true);
    return "utf-8";
  } catch {
    const count = (pattern) => decoded(false).match(pattern)?.length ?? 0;
    return count(/\ufffd/g) > count(/[^\0-\x7f\ufffd]/g) ? "windows-1252" : "utf-8";
  }
}

function formatOf(name, text) {
  if (/\.csv$/i.test(name)) return "csv";
  if (/\.(tsv|tab)$/i.test(name)) return "tsv";
  if (/\.(jsonl|ndjson)$/i.test(name) || /^\s*\{"/.test(text)) return "jsonl";
  return "lines";
}

/** Find what separates fields: whichever of `,` `;` tab `|` the first filled line has most of, outside quotes. */
function sniffDelimiter(text) {
  const [line] = text.replace(/^[\r\n]+/, "").replace(/"(?:[^"]|"")*"/g, "").match(/[^\r\n]*/);
  const often = (mark) => line.split(mark).length;
  return [",", ";", "\t", "|"].reduce((best, mark) => (often(mark) > often(best) ? mark : best));
}

const filled = (records) => records.filter(({ blank }) => !blank);

function hasHeader(records) {
  const [first = [], ...below] = filled(records).slice(0, 1 + LOOKED_AT).map(({ fields }) => fields);
  return isHeader(first, below);
}

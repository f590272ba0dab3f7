// Requests to the service, and readable errors.

const PATIENCE = 60_000;
const NOT_REACHED = "The service cannot be reached.";
const BROKEN_OFF = "The connection to the service was lost.";

let model = ""; // the one that answers; empty for the default

/** Let another model answer from now on. */
export const answerBy = (name) => {
  model = name;
};

/** An error: a line to show, and whether trying again may help. */
export class Trouble extends Error {
  constructor(message, { again = true, wait = 0 } = {}) {
    super(message);
    this.again = again;
    this.wait = wait;
  }
}

/** Return the explanation of a text, as `sentiment explain --json` prints it. */
export const explain = (text, signal) => ask(by("explain", model), asJson({ text }), signal, (answer) => answer.json());

/** Return facts about a model; an empty name is the default. */
export const info = (name) => ask(by("info", name), {}, null, (answer) => answer.json());

/**
 * Send a file; yields the events of the service.
 * @param {Object<string, string>} query see POST /files in openapi.json
 * @param {Blob} body the file
 * @param {AbortSignal} signal
 */
export async function* answerFile(query, body, signal) {
  const headers = { "Content-Type": "application/octet-stream" };
  const request = { method: "POST", headers, body, signal, cache: "no-store", redirect: "error" };
  const path = `files/events?${new URLSearchParams(model ? { ...query, model } : query)}`;
  const answer = await fetch(path, request).catch(() => Promise.reject(new Trouble(NOT_REACHED)));
  if (!answer.ok) throw await refusal(answer, "");
  let complete = false;
  try {
    for await (const line of linesOf(answer.body)) {
      const event = JSON.parse(line);
      complete = event.end === true || Boolean(event.error);
      yield event;
    }
  } catch (error) {
    throw error instanceof Trouble ? error : new Trouble(BROKEN_OFF);
  }
  if (!complete) throw new Trouble(BROKEN_OFF);
}

/** Yield the lines of a stream as they arrive. */
async function* linesOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let begun = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const [first, ...lines] = value.split("\n");
    begun.push(first);
    for (const next of lines) {
      yield begun.join("");
      begun = [next];
    }
  }
}

const by = (path, name) => (name ? `${path}?${new URLSearchParams({ model: name })}` : path);

function asJson(value) {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}

async function ask(path, request, signal, read) {
  const limits = [AbortSignal.timeout(PATIENCE), ...(signal ? [signal] : [])];
  const how = { signal: AbortSignal.any(limits), cache: "no-store", redirect: "error" };
  try {
    const answer = await fetch(path, { ...request, ...how });
    if (!answer.ok) throw await refusal(answer);
    return await read(answer);
  } catch (error) {
    if (error instanceof Trouble || signal?.aborted) throw error;
    if (error.name === "TimeoutError") throw new Trouble("The service took too long to answer.");
    if (error instanceof SyntaxError) throw new Trouble("The answer of the service is invalid.");
    throw new Trouble(NOT_REACHED);
  }
}

async function refusal(answer, who = "The service reports: ") {
  const said = await answer.json().catch(() => null);
  const busy = answer.status === 429 || answer.status === 503;
  const again = busy || answer.status >= 500 || answer.status === 408;
  const wait = busy ? 1000 * (Number(answer.headers.get("Retry-After")) || 1) : 0;
  const line = said?.error ? `${who}${said.error}` : `The service returned status ${answer.status}.`;
  return new Trouble(line, { again, wait });
}

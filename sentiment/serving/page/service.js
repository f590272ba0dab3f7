// Questions to the service, and what goes wrong with them in words for people.

const PATIENCE = 60_000;
const NOT_REACHED = "The service cannot be reached.";
const BROKEN_OFF = "The answer of the service broke off.";

/** What went wrong: one line, and whether it helps to ask again. */
export class Trouble extends Error {
  constructor(message, { again = true, wait = 0 } = {}) {
    super(message);
    this.again = again;
    this.wait = wait;
  }
}

/** Explain the answer to a text: what `sentiment explain --json` prints. */
export const explain = (text, signal) => ask("explain", asJson({ text }), signal, (answer) => answer.json());

/** Tell what there is to know of the model. */
export const info = (signal) => ask("info", {}, signal, (answer) => answer.json());

/**
 * Have a file answered: gives what the service tells on the way, event by event.
 * @param {Object<string, string>} query how it is to be read, and what is to become of it
 * @param {Blob} body the file as it is
 * @param {AbortSignal} signal
 */
export async function* answerFile(query, body, signal) {
  const headers = { "Content-Type": "application/octet-stream" };
  const request = { method: "POST", headers, body, signal, cache: "no-store", redirect: "error" };
  const path = `files/events?${new URLSearchParams(query)}`;
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

/** Give the lines of a stream as they come. */
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
    if (error.name === "TimeoutError") throw new Trouble("The service takes too long to answer.");
    if (error instanceof SyntaxError) throw new Trouble("The answer of the service cannot be read.");
    throw new Trouble(NOT_REACHED);
  }
}

async function refusal(answer, who = "The service says: ") {
  const said = await answer.json().catch(() => null);
  const busy = answer.status === 429 || answer.status === 503;
  const again = busy || answer.status >= 500 || answer.status === 408;
  const wait = busy ? 1000 * (Number(answer.headers.get("Retry-After")) || 1) : 0;
  const line = said?.error ? `${who}${said.error}` : `The service refuses (status ${answer.status}).`;
  return new Trouble(line, { again, wait });
}

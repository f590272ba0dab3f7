// Elements made and found; text is only ever set as text.

/** Find the element with an id. */
export const el = (id) => document.getElementById(id);

/** Make an element with properties and children; texts become text. */
export function make(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Show an element or hide it. */
export function show(element, shown) {
  element.hidden = !shown;
}

/** Give a click, a submission by Enter, or a change to a function; nothing else becomes of it. */
export function on(element, event, handle) {
  element.addEventListener(event, (what) => {
    if (event === "submit") what.preventDefault();
    handle(what);
  });
}

/** Write a whole number for people. */
export const grouped = (number) => number.toLocaleString("en-US");

/** Write a number of rows for people. */
export const rowsOf = (count) => `${grouped(count)} ${count === 1 ? "row" : "rows"}`;

/** Call a function once nothing has happened for a while, or not at all. */
export function later(pause, call) {
  let timer = null;
  return {
    get waits() {
      return timer !== null;
    },
    start() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = null;
        call();
      }, pause);
    },
    stop() {
      clearTimeout(timer);
      timer = null;
    },
  };
}

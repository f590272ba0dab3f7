// Helpers for elements; text is always set as text.

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

/** Show or hide an element. */
export function show(element, shown) {
  element.hidden = !shown;
}

/** Handle an event; a form is not submitted. */
export function on(element, event, handle) {
  element.addEventListener(event, (what) => {
    if (event === "submit") what.preventDefault();
    handle(what);
  });
}

/** Format a whole number. */
export const grouped = (number) => number.toLocaleString("en-US");

/** Format a number of rows. */
export const rowsOf = (count) => `${grouped(count)} ${count === 1 ? "row" : "rows"}`;

/** Debounce: call a function after a pause. */
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

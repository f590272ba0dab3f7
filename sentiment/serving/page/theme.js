// Light or dark theme, by default that of the system. Loaded before the page is drawn.
"use strict";

(() => {
  const KEY = "sentiment-theme";
  const root = document.documentElement;
  const systemDark = matchMedia("(prefers-color-scheme: dark)");

  const chosen = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage may be forbidden
    }
  };
  const shown = () => root.dataset.theme ?? (systemDark.matches ? "dark" : "light");
  const other = () => (shown() === "dark" ? "light" : "dark");

  function choose(theme) {
    // Choosing the system's theme means following it.
    const own = theme !== (systemDark.matches ? "dark" : "light");
    if (own) root.dataset.theme = theme;
    else delete root.dataset.theme;
    try {
      if (own) localStorage.setItem(KEY, theme);
      else localStorage.removeItem(KEY);
    } catch {
      // then it lasts for this visit
    }
  }

  if (["light", "dark"].includes(chosen())) root.dataset.theme = chosen();
  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const name = () => (button.textContent = other() === "dark" ? "Dark" : "Light");
    button.addEventListener("click", () => {
      choose(other());
      name();
    });
    systemDark.addEventListener("change", name);
    name();
  });
})();

"use strict";
const form = document.getElementById("ask");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const response = await fetch("/explain", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text: document.getElementById("text").value }),
  });
  const answer = await response.json();
  document.getElementById("answer").textContent = response.ok
    ? `${answer.predicted} ${answer.p_positive}`
    : answer.error;
});

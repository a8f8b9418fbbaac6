// What the script adds to screens that work without it: the pad for the digits, the seconds that are left, the way back
// to the start, and no second press of a button.
// Always holds: nothing here decides anything, and nothing is kept; the terminal checks all of it again. Texts come
// from the page.
// Not here: anything that a screen needs.
"use strict";

(() => {
  const { leftMs, then } = document.body.dataset;
  let sent = false;

  // A page out of the browser's memory may be another patient's: ask for what is there now.
  addEventListener("pageshow", (event) => { if (event.persisted) location.replace(then); });

  // --- the seconds that are left -------------------------------------------------------------------------------
  // Shown when twenty are left, so that nobody is hurried before; then once more at ten, for who listens.
  if (leftMs !== undefined) {
    const label = document.getElementById("left");
    const end = performance.now() + Number(leftMs);
    const tick = () => {
      const left = Math.ceil((end - performance.now()) / 1000);
      if (left <= 0) return location.replace(then);
      if (label && left <= 20 && !sent) {
        label.textContent = label.dataset.text.replace("{}", left);
        label.setAttribute("aria-live", left === 20 || left === 10 ? "polite" : "off");
      }
      setTimeout(tick, 250);
    };
    // Zero means that card or line are at work: look again in a second.
    if (Number(leftMs) > 0) tick(); else setTimeout(() => location.replace(then), 1000);
  }

  // --- the pad ---------------------------------------------------------------------------------------------------
  const pad = document.getElementById("pad");
  const field = document.getElementById("pin");
  if (pad && field) {
    pad.hidden = false;
    pad.addEventListener("click", (event) => {
      const { digit, clear } = event.target.dataset;
      if (digit && field.value.length < 4) field.value += digit;
      if (clear) field.value = clear === "all" ? "" : field.value.slice(0, -1);
    });
    addEventListener("pagehide", () => { field.value = ""; });
  }

  const code = document.getElementById("code");
  if (code) addEventListener("pagehide", () => { code.value = ""; });

  // --- one press -------------------------------------------------------------------------------------------------
  document.addEventListener("submit", (event) => {
    // The card can be taken out while something is under way.
    if (sent && event.submitter?.value !== "out") return event.preventDefault();
    sent = true;
    const label = document.getElementById("left");
    if (label) label.textContent = label.dataset.busy;
  });
})();

// What the script adds to pages that work without it: fragments that reload themselves, a question before acts that
// cannot be taken back, copy buttons.
// Always holds: nothing here decides anything; the server checks all of it again. Texts come from the page.
// Not here: anything that a page needs.
"use strict";

(() => {
  const words = document.body.dataset;

  // --- fragments with data-refresh="SECONDS" and an id -------------------------------------------------------
  // Never under somebody's hands: not while a field in it has the focus or was changed, text in it is selected,
  // or the page is out of sight.
  const inUse = (part) => {
    const active = document.activeElement;
    const typing = part.contains(active) && active.matches("input, select, textarea");
    const changed = [...part.querySelectorAll("input, select, textarea")].some((field) =>
      field.matches("select")
        ? [...field.options].some((option) => option.selected !== option.defaultSelected && option.defaultSelected)
        : field.value !== field.defaultValue || field.checked !== field.defaultChecked);
    const selection = getSelection();
    const selecting = selection && !selection.isCollapsed && part.contains(selection.anchorNode);
    return document.hidden || typing || changed || selecting;
  };

  const reachable = (part) => [...part.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];

  const replace = (part, fresh) => {
    const before = reachable(part);
    const at = before.indexOf(document.activeElement);
    const id = at >= 0 ? document.activeElement.id : "";
    const open = [...part.querySelectorAll("details")].map((one) => one.open);
    part.replaceChildren(...fresh.childNodes);
    part.querySelectorAll("details").forEach((one, n) => { one.open = open[n] ?? one.open; });
    enhance(part);
    if (at < 0) return;
    const again = (id && document.getElementById(id)) || reachable(part)[at];
    if (again) again.focus({ preventScroll: true });
  };

  const reload = async (part) => {
    // The header says that nobody touched anything, so that a page left alone does not keep its session alive.
    const answer = await fetch(location.href, { cache: "no-store", headers: { accept: "text/html", "shikaku-refresh": "1" } });
    // Signed out, or moved: the page as a whole has changed.
    if (answer.redirected || answer.status === 401) return location.reload();
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(part.id);
    if (!fresh || inUse(part)) return;
    if (fresh.dataset.pulseValue) part.dataset.pulseValue = fresh.dataset.pulseValue;
    if (fresh.innerHTML === part.shown) return;
    part.shown = fresh.innerHTML;
    replace(part, fresh);
  };

  const refresh = (part) => {
    const seconds = Number(part.dataset.refresh);
    if (!(seconds >= 1) || !part.id) return;
    part.shown = part.innerHTML;
    let stopped = false;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet small";
    const label = () => { button.textContent = stopped ? words.resume : words.pause; };
    button.addEventListener("click", () => { stopped = !stopped; label(); });
    label();
    const bar = document.createElement("p");
    bar.append(button);
    part.before(bar);
    const tick = async () => {
      if (!stopped && !inUse(part)) await reload(part).catch(() => {});
      setTimeout(tick, seconds * 1000);
    };
    setTimeout(tick, seconds * 1000);
    if (part.dataset.pulse) follow(part, () => stopped);
  };

  // --- data-pulse="ADDRESS" data-pulse-value="TEXT": a short text that changes when the fragment would --------------
  // Asked for more than once a second, since a patient stands there; the fragment itself is read, and so recorded as
  // shown, only when something came. The text belongs to what is shown, so a fragment that could not be read is read
  // again with the next beat.
  const PULSE_MS = 600;
  const follow = (part, stopped) => {
    const beat = async () => {
      if (!stopped() && !inUse(part)) {
        const answer = await fetch(part.dataset.pulse, { cache: "no-store", headers: { "shikaku-refresh": "1" } });
        if (answer.redirected || answer.status === 401) return location.reload();
        if (answer.ok && (await answer.text()) !== part.dataset.pulseValue) await reload(part);
      }
    };
    const again = () => beat().catch(() => {}).finally(() => setTimeout(again, PULSE_MS));
    again();
  };

  // --- copy buttons -------------------------------------------------------------------------------------------
  const copyButton = (holder) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet small";
    button.textContent = words.copy;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(holder.dataset.copyText);
      button.textContent = words.copied;
      setTimeout(() => { button.textContent = words.copy; }, 3000);
    });
    holder.append(button);
  };

  const enhance = (root) => {
    if (navigator.clipboard) root.querySelectorAll("[data-copy-text]").forEach(copyButton);
  };

  // --- destructive forms --------------------------------------------------------------------------------------
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !confirm(question)) event.preventDefault();
  });

  // Before the copy buttons, so that what is compared is what the server sent.
  document.querySelectorAll("[data-refresh]").forEach(refresh);
  enhance(document);
})();

// Asks for a live page again every few seconds, and shows what has changed. Everything works without.
"use strict";
(() => {
  const SECONDS = 5;
  const part = () => document.querySelector("[data-live]");
  if (!part()) return;

  // Nothing is replaced under somebody's hands: while a field or a button has the focus, a box is
  // ticked, a text is selected, or older lines are looked at.
  const inUse = (live) =>
    (live.contains(document.activeElement) && document.activeElement !== document.body) ||
    live.querySelector("input:checked") !== null ||
    [...live.querySelectorAll(".log")].some((each) => each.scrollTop < -4) ||
    String(window.getSelection()) !== "";

  const refresh = async () => {
    const live = part();
    if (document.hidden || inUse(live)) return;
    const answer = await fetch(location.href, {
      headers: { "X-Refresh": "1" },
      credentials: "same-origin",
      cache: "no-store",
    });
    if (answer.redirected) return location.reload(); // the login has ended
    if (!answer.ok) return; // for the time being; what is shown stays
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-live]");
    if (fresh && !inUse(live)) live.replaceWith(document.adoptNode(fresh));
  };

  const again = () => {
    setTimeout(() => {
      refresh().catch(() => {}).finally(again);
    }, SECONDS * 1000);
  };
  again();
})();

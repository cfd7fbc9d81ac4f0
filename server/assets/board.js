// Follows the verdicts: when one moves, the page is asked for again and its content put in place.
"use strict";
(() => {
  if (!window.EventSource) return;
  let waiting = 0;
  const renew = async () => {
    waiting = 0;
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of ["main", "footer"]) {
      const [now, then] = [document.querySelector(part), fresh.querySelector(part)];
      if (now && then) now.replaceWith(document.adoptNode(then));
    }
  };
  const events = new EventSource("/events");
  events.addEventListener("verdict", (event) => {
    const live = document.getElementById("live");
    if (live) live.textContent = event.data;
    if (!waiting) waiting = setTimeout(renew, 300);
  });
})();

// Keeps the figures up to date while the page is looked at: asks for the same page and takes over its live parts.
// Without it the page is simply as old as its load.
const EVERY_MS = 5000;

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const found = fresh.querySelector(`[data-live="${old.dataset.live}"]`);
    if (!found || old.contains(document.activeElement)) continue;
    if (old.innerHTML !== found.innerHTML) old.replaceChildren(...found.childNodes);
    if (old.className !== found.className) old.className = found.className;
  }
}

setInterval(() => refresh().catch(() => {}), EVERY_MS);

// Keeps the figures up to date while a page is looked at. The server tells what changed; nothing is asked again and again.
// Without this the page is simply as old as its load.
const STREAM = "/reporting/v1/stream";
const REST_MS = 5000; // between two looks at the page's own parts
const LATER_MS = 30000; // until the next attempt after a refusal; a cut line is mended by the browser, sooner

const written = new Intl.NumberFormat(document.documentElement.lang);
const tenths = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
const stamp = (instant) =>
  `${instant.slice(11, 19)} ${instant.slice(8, 10)}/${instant.slice(5, 7)}/${instant.slice(0, 4)}`;

let stream = null;
let whole = {};
let day = document.querySelector("[data-today]").dataset.today;
let latest = day;
let stale = false;
let resting = false;

// A figure: its text, its link (a zero has none), and red where it should be zero.
function showFigure(figure, value) {
  figure.textContent = written.format(value);
  const link = figure.getAttribute("href") ?? figure.dataset.href;
  figure.removeAttribute(value ? "data-href" : "href");
  figure.setAttribute(value ? "href" : "data-href", link);
  if (!("bad" in figure.dataset)) return;
  figure.closest("td")?.classList.toggle("late", value > 0);
  figure.closest(".tile")?.classList.toggle("bad", value > 0);
}

function showUnit(code, counted) {
  for (const part of document.querySelectorAll(`[data-of="${CSS.escape(code)}"]`)) {
    const { figure, share, some, none } = part.dataset;
    const done = counted.settled_month ?? 0;
    if (figure in whole) showFigure(part, counted[figure] ?? 0);
    else if (share !== undefined) part.textContent = done ? `${tenths.format(Math.floor(((counted.on_time_month ?? 0) * 1000) / done) / 10)}%` : "–";
    else if (some !== undefined) part.hidden = !done;
    else if (none !== undefined) part.hidden = done > 0;
  }
}

function apply(told) {
  whole = told.whole;
  for (const [code, counted] of Object.entries(told.units)) showUnit(code, counted);
  showUnit("all", whole);
  for (const [name, instant] of Object.entries({ now: told.now, newest: told.as_of })) {
    const place = document.querySelector(`time[data-${name}]`);
    if (place && instant) place.textContent = stamp(instant);
  }
}

function onSnapshot(event) {
  const told = JSON.parse(event.data);
  const known = new Set([...document.querySelectorAll("[data-of]")].map((part) => part.dataset.of));
  known.delete("all");
  const empty = Object.fromEntries([...known].map((code) => [code, {}]));
  const shown = document.querySelector("time[data-newest]").textContent;
  const behind = told.as_of !== null && stamp(told.as_of) !== shown; // something happened after the page was made
  apply({ ...told, units: { ...empty, ...told.units } });
  if (behind || told.today !== day) lookAgain(told.today);
}

function onFigures(event) {
  const told = JSON.parse(event.data);
  apply(told);
  lookAgain(told.today);
}

// What is more than a counter (charts, who holds what, the league) is taken from the page itself, and only after a change.
function lookAgain(today) {
  latest = today;
  if (today !== day || document.querySelector("[data-part]")) stale = true;
  if (!stale || resting || document.hidden) return;
  stale = false;
  resting = true;
  takeParts(today !== day).catch(() => {});
  setTimeout(() => {
    resting = false;
    if (stale) lookAgain(latest);
  }, REST_MS);
}

async function takeParts(everything) {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (answer.redirected) location.assign(answer.url); // the session is over, and so is the right to these figures
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  day = fresh.querySelector("[data-today]").dataset.today;
  for (const old of document.querySelectorAll(everything ? "main" : "[data-part]")) {
    const found = fresh.querySelector(everything ? "main" : `[data-part="${old.dataset.part}"]`);
    if (found && !old.contains(document.activeElement)) replace(old, found);
  }
}

function replace(old, found) {
  const opened = [...old.querySelectorAll("details")].map((each) => each.open);
  [...found.querySelectorAll("details")].forEach((each, number) => (each.open = opened[number] ?? each.open));
  old.replaceChildren(...found.childNodes);
}

// Only a page that is seen listens: browsers allow few open lines to one host.
function listen() {
  if (document.hidden || stream) return;
  stream = new EventSource(STREAM);
  stream.addEventListener("snapshot", onSnapshot);
  stream.addEventListener("figures", onFigures);
  stream.addEventListener("ping", (event) => {
    document.querySelector("time[data-now]").textContent = stamp(JSON.parse(event.data).now);
  });
  stream.addEventListener("error", () => {
    if (stream?.readyState !== EventSource.CLOSED) return;
    hush();
    setTimeout(listen, LATER_MS * (1 + Math.random()));
  });
}

function hush() {
  stream?.close();
  stream = null;
}

document.addEventListener("visibilitychange", () => (document.hidden ? hush() : listen()));
addEventListener("pagehide", hush);
addEventListener("pageshow", listen);

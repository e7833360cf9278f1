// The class page moves by itself: server-sent events, or asking every few seconds where no event
// arrives. Both carry the same JSON, and only tiles that changed are touched.

import { patchTile, drawCurve } from "./tile.js";

const PATIENCE_MS = 6000;
const ASK_EVERY_MS = 3000;
const COME_BACK_MS = 2000;
const RAREST_MS = 30000;

const page = document.getElementById("lesson");
const seats = new Map([...page.querySelectorAll(".seats > li")].map((li) => [li.dataset.seat, li]));
const shown = new Map();
const known = new Map();
const byId = (id) => document.getElementById(id);
let version = page.dataset.version;
let over = false;

function show(map) {
  if (map.version === version && shown.size) return;
  version = map.version;
  for (const news of map.tiles) {
    // Whoever has seen the last map is told of a seat only what has changed.
    const seat = { ...known.get(news.number), ...news };
    known.set(seat.number, seat);
    const mark = JSON.stringify([seat.run_id, seat.state, seat.value, seat.line, seat.fraction, seat.reason]);
    if (shown.get(seat.number) === mark) continue;
    const first = !shown.has(seat.number);
    shown.set(seat.number, mark);
    patchTile(seats.get(String(seat.number)), seat, page.dataset.run, first);
    drawCurve(byId("curves"), seat);
  }
  for (const chip of byId("counts").querySelectorAll("[data-state]")) {
    const count = map.counts[chip.dataset.state];
    if (chip.dataset.count === String(count)) continue;
    chip.dataset.count = count;
    chip.querySelector(".n").textContent = count;
  }
  byId("because").textContent = map.waiting_because || "";
  byId("best").textContent = map.best || "–";
  byId("middle").textContent = map.middle || "–";
  hide("when-failed", !map.failed || map.state !== "open");
  hide("when-done", !map.counts.succeeded);
  hide("when-live", !map.live);
  noteSilence(map.slurm_silent_since);
  over = map.state !== "open" && !map.live;
}

function hide(id, hidden) {
  const part = byId(id);
  if (part) part.hidden = hidden;
}

function noteSilence(since) {
  hide("slurm-silent", since === null);
  if (since === null) return;
  byId("slurm-silent").querySelector("time").dataset.ago = since;
  document.dispatchEvent(new Event("ages"));
}

function watch(how) {
  for (const name of ["live", "slow", "lost"]) hide(`watch-${name}`, name !== how);
}

// Who listens to the page is told the counts now and then, not every second.

const TELL_EVERY_MS = 15000;

function tellCounts() {
  const chips = [...byId("counts").querySelectorAll(".state")].filter((chip) => chip.dataset.count !== "0");
  const words = chips.map((chip) => chip.textContent.trim().replace(/\s+/g, " ")).join(", ");
  if (byId("told").textContent !== words) byId("told").textContent = words;
}

setInterval(tellCounts, TELL_EVERY_MS);

// Events, and what happens without them

let asking = null;
let etag = null;
let refusals = 0;

function listen() {
  const stream = new EventSource(page.dataset.events);
  const deadline = setTimeout(() => { if (asking === null) ask(); }, PATIENCE_MS);
  const heard = () => {
    refusals = 0;
    clearTimeout(deadline);
    clearTimeout(asking);
    asking = null;
    watch("live");
  };
  stream.addEventListener("snapshot", (event) => { heard(); show(JSON.parse(event.data)); });
  stream.addEventListener("beat", heard);
  stream.addEventListener("end", () => {
    heard();
    stream.close();
    watch(null);
    // The login ended before the lesson did: the page asks for it anew.
    if (!over) location.reload();
  });
  stream.addEventListener("error", () => {
    if (asking === null) watch("lost");
    // The browser tries again by itself unless it was refused, as by a proxy before a portal that
    // starts. Then we do, ever more rarely and not all pages of a hall at once; meanwhile we ask.
    if (stream.readyState !== EventSource.CLOSED) return;
    clearTimeout(deadline);
    if (asking === null) ask();
    const wait = Math.min(COME_BACK_MS * 2 ** refusals, RAREST_MS);
    refusals += 1;
    setTimeout(listen, wait * (0.5 + Math.random()));
  });
}

async function ask() {
  asking = setTimeout(ask, ASK_EVERY_MS * (0.75 + Math.random() / 2));
  try {
    const headers = { Accept: "application/json" };
    if (etag) headers["If-None-Match"] = etag;
    const answer = await fetch(page.dataset.snapshot, { headers, cache: "no-store" });
    if (answer.status === 401) return location.reload();
    if (answer.ok) {
      etag = answer.headers.get("ETag");
      show(await answer.json());
    }
    watch(answer.ok || answer.status === 304 ? "slow" : "lost");
  } catch {
    watch("lost");
  }
  if (over) clearTimeout(asking);
}

// The seat under the pointer, or the one that has the keyboard, lights its curve.

const words = byId("lit-words");

function light(number) {
  byId("curves").classList.toggle("some-lit", number !== null);
  for (const path of byId("curves").querySelectorAll("path")) {
    path.classList.toggle("lit", path.dataset.seat === number);
  }
  words.textContent = number === null ? words.dataset.rest : words.dataset.seat.replace("SEAT", number);
}

const list = page.querySelector(".seats");
const seatOf = (event) => event.target.closest("li[data-seat]")?.dataset.seat ?? null;
list.addEventListener("pointerover", (event) => light(seatOf(event)));
list.addEventListener("pointerleave", () => light(null));
list.addEventListener("focusin", (event) => light(seatOf(event)));
list.addEventListener("focusout", () => light(null));

// The time left, and the bell

function countDown() {
  const left = Number(page.dataset.endsAt) - Date.now() / 1000;
  const place = byId("left");
  if (!place) return;
  if (left <= 0) { place.textContent = ""; return; }
  const clock = `${Math.floor(left / 60)}:${String(Math.floor(left % 60)).padStart(2, "0")}`;
  place.textContent = page.dataset.left.replace("TIME", clock);
}

countDown();
setInterval(countDown, 1000);
listen();

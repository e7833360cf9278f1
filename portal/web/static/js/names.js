// Names beside seats. They are in this browser's storage alone: no request carries them.

const PENDING = "kesuan.names.new";
const key = (id) => `kesuan.names.${id}`;

export function namesOf(id) {
  try {
    const kept = JSON.parse(localStorage.getItem(key(id)) || "[]");
    return Array.isArray(kept) ? kept.map(String) : [];
  } catch {
    return [];
  }
}

export function keep(id, names) {
  if (names.length) localStorage.setItem(key(id), JSON.stringify(names));
  else localStorage.removeItem(key(id));
  show(id);
}

// Classes that are being added have no id yet: their names wait, by short name, for a page that
// shows them.
export function setAside(lists) {
  const waiting = Object.entries(lists).filter(([, names]) => names.length);
  if (waiting.length) localStorage.setItem(PENDING, JSON.stringify(Object.fromEntries(waiting)));
  else localStorage.removeItem(PENDING);
}

export function setAsideNames() {
  try {
    const waiting = Object.entries(JSON.parse(localStorage.getItem(PENDING)) || {});
    return Object.fromEntries(waiting.filter(([, names]) => Array.isArray(names)));
  } catch {
    return {};
  }
}

// The seats of a page: rows of a table have a cell for the name, tiles show it by their style.
export function show(id) {
  const names = namesOf(id);
  for (const seat of document.querySelectorAll("li[data-seat], tr[data-seat]")) {
    const name = names[Number(seat.dataset.seat) - 1] || "";
    const cell = seat.querySelector(".pupil");
    if (cell) cell.textContent = name;
    else if (name) seat.dataset.pupil = name;
    else delete seat.dataset.pupil;
  }
}

for (const page of document.querySelectorAll("[data-class]")) {
  const { class: id, slug } = page.dataset;
  const { [slug]: names, ...others } = setAsideNames();
  if (names && !namesOf(id).length) {
    keep(id, names);
    setAside(others);
  }
  show(id);
}

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

// A class that is being added has no id yet: its names wait for the page that shows it.
export function setAside(slug, names) {
  if (names.length) localStorage.setItem(PENDING, JSON.stringify({ slug, names }));
  else localStorage.removeItem(PENDING);
}

export function setAsideNames() {
  try {
    return JSON.parse(localStorage.getItem(PENDING)) || { slug: "", names: [] };
  } catch {
    return { slug: "", names: [] };
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

const page = document.querySelector("[data-class]");
if (page) {
  const { slug, names } = setAsideNames();
  if (slug && slug === page.dataset.slug && !namesOf(page.dataset.class).length) {
    keep(page.dataset.class, names);
    setAside("", []);
  }
  show(page.dataset.class);
}

// Several classes from one list: rows of a form, and names that stay in this browser.

import { classes, shortName, textOf } from "./list.js";
import { setAside, setAsideNames } from "./names.js";

const form = document.getElementById("several");
const body = form.querySelector("tbody");
const list = document.getElementById("lists");
const file = document.getElementById("lists-file");
const said = document.getElementById("lists-said");
const names = new WeakMap();

const field = (row, name) => row.querySelector(`[name="${name}"]`);
const rows = () => [...body.rows];

function fill(found) {
  while (body.rows.length > Math.max(1, found.length)) body.lastElementChild.remove();
  while (body.rows.length < found.length) body.append(body.rows[0].cloneNode(true));
  rows().forEach((row, place) => {
    const one = found[place] || { name: "", slug: "", seats: 0, names: [] };
    for (const input of row.querySelectorAll("input")) {
      input.value = one[input.name] || "";
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
      input.setAttribute("aria-label", `${input.dataset.label} ${place + 1}`);
    }
    row.querySelectorAll(".fault").forEach((fault) => fault.remove());
    names.set(row, one.names);
  });
  const seats = found.reduce((sum, one) => sum + one.seats, 0);
  said.textContent = found.length ? said.dataset.words.replace("CLASSES", found.length).replace("SEATS", seats) : "";
}

list.addEventListener("input", () => fill(classes(list.value)));
file.addEventListener("change", async () => {
  if (!file.files[0]) return;
  list.value = await textOf(file.files[0]);
  list.dispatchEvent(new Event("input"));
});

// Whoever writes a name by hand is spared the short name, too.
body.addEventListener("change", (event) => {
  const row = event.target.closest("tr");
  if (event.target.name === "name" && !field(row, "slug").value) field(row, "slug").value = shortName(event.target.value);
});

// A form that comes back with faults finds the names as they were.
const waiting = setAsideNames();
for (const row of rows()) names.set(row, waiting[field(row, "slug").value] || []);
form.addEventListener("submit", () => {
  setAside(Object.fromEntries(rows().map((row) => [field(row, "slug").value.trim(), names.get(row) || []])));
});

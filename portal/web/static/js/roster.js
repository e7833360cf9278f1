// A pasted list or a CSV file becomes a number of seats, and names that stay in this browser.

import { pupils, textOf } from "./list.js";
import { keep, namesOf, setAside, setAsideNames } from "./names.js";

const list = document.getElementById("roster");
const file = document.getElementById("roster-file");
const form = document.getElementById("new-class");
const page = document.querySelector("[data-class]");

file?.addEventListener("change", async () => {
  if (!file.files[0]) return;
  list.value = pupils(await textOf(file.files[0])).join("\n");
  list.dispatchEvent(new Event("input"));
});

if (form) {
  const seats = form.elements.seats;
  // A form that comes back with faults finds the list as it was.
  list.value = (setAsideNames()[form.elements.slug.value] || []).join("\n");
  list.addEventListener("input", () => { seats.value = pupils(list.value).length || ""; });
  form.addEventListener("submit", () => setAside({ [form.elements.slug.value.trim()]: pupils(list.value) }));
}

if (page && list) {
  const id = page.dataset.class;
  list.value = namesOf(id).join("\n");
  document.getElementById("keep-names").addEventListener("click", () => keep(id, lines(list.value)));
  document.getElementById("clear-names").addEventListener("click", () => { list.value = ""; keep(id, []); });
  document.getElementById("save-names").addEventListener("click", () => save(lines(list.value)));
}

// Line by line, so that an empty line is an empty seat.
function lines(text) {
  return text.trimEnd() ? text.trimEnd().split(/\r?\n/).map((line) => line.trim()) : [];
}

// A cell that begins like a formula is text in front of every spreadsheet.
function save(names) {
  const cell = (text) => `"${(/^[=+@\-\t]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const rows = names.map((name, place) => `${place + 1},${cell(name)}`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", rows.join("\r\n"), "\r\n"], { type: "text/csv" }));
  link.download = `${page.dataset.slug}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

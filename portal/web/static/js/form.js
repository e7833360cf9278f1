// The train form: sliders say their value, settings that do not matter step aside.

function sayValue(slider) {
  const output = slider.form.querySelector(`output[for="${slider.id}"]`);
  const unit = slider.dataset.unit;
  if (output) output.textContent = unit ? `${slider.value} ${unit}` : slider.value;
}

function valueOf(form, name) {
  const found = new FormData(form).get(`parameters.${name}`);
  return found === null ? "" : String(found);
}

function stepAside(form) {
  for (const field of form.querySelectorAll("[data-only-for]")) {
    const wanted = JSON.parse(field.dataset.onlyFor);
    field.hidden = !wanted.every(([name, values]) => values.map(String).includes(valueOf(form, name)));
  }
}

document.addEventListener("input", (event) => {
  if (event.target.type === "range") sayValue(event.target);
});

for (const form of document.querySelectorAll("form#train")) {
  stepAside(form);
  form.addEventListener("change", () => stepAside(form));
}

// Another data set brings its own settings.
document.addEventListener("htmx:after:swap", () => {
  for (const form of document.querySelectorAll("form#train")) stepAside(form);
});

// The upload form: drop a file, see how far it is, and hear at once when it is too large. A form
// that comes back with faults keeps the file that was chosen.

wire(document.getElementById("upload"));

function wire(form) {
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector(".drop");
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("over"); });
  }
  drop.addEventListener("drop", (event) => {
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
    check(input);
  });
  input.addEventListener("change", () => check(input));
  form.addEventListener("submit", (event) => { event.preventDefault(); send(form, input); });
}

function check(input) {
  const file = input.files[0];
  const large = Boolean(file) && file.size > Number(input.dataset.most);
  input.setCustomValidity(large ? input.dataset.tooLarge : "");
  if (large) input.reportValidity();
}

function send(form, input) {
  const words = form.querySelector("#uploading");
  const bar = form.querySelector("#upload-progress");
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    const share = total ? loaded / total : 0;
    bar.value = share;
    words.textContent = share < 1
      ? words.dataset.sending.replace("SHARE", `${Math.floor(share * 100)}%`)
      : words.dataset.checking;
  });
  request.addEventListener("load", () => show(request, input));
  request.addEventListener("error", () => form.submit());
  bar.hidden = words.hidden = false;
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "text/html");
  request.send(new FormData(form));
}

// The answer is a page: the form with its faults, or the data set. Its middle replaces ours.
function show(request, input) {
  const answer = new DOMParser().parseFromString(request.responseText, "text/html");
  const main = answer.getElementById("main");
  document.getElementById("main").replaceWith(main);
  document.title = answer.title;
  const form = document.getElementById("upload");
  if (form) {
    form.querySelector("input[type=file]").replaceWith(input);
    wire(form);
    form.querySelector(".field.wrong input")?.focus();
  } else if (request.status < 400) {
    history.pushState(null, "", request.responseURL);
    window.addEventListener("popstate", () => location.reload());
    main.focus();
  }
}

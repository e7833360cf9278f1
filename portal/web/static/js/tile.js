// One tile and its curve, filled from the JSON that the server also makes the page of.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  waiting: "clock", submitted: "queue", running: "pulse", finishing: "flag", succeeded: "check",
  failed: "cross", cancelled: "stop", lost: "question", empty: "dot",
};

export function patchTile(place, seat, address, quietly) {
  if (!place) return;
  const tile = linked(place, seat, address);
  const before = tile.dataset.state;
  tile.className = `tile is-${seat.state}`;
  tile.dataset.state = seat.state;
  tile.title = seat.reason || "";
  tile.querySelector(".tile-value").textContent = seat.value;
  tile.querySelector(".tile-word").textContent = seat.label;
  tile.querySelector(".tile-state use").setAttribute("href", `#i-${ICONS[seat.state] || "question"}`);
  tile.querySelector("polyline").setAttribute("points", seat.line);
  tile.querySelector("progress").value = seat.fraction || 0;
  if (!quietly && before !== seat.state) {
    tile.classList.add("turned");
    tile.addEventListener("animationend", () => tile.classList.remove("turned"), { once: true });
  }
}

// A seat that was empty gets a link once it has a run, and a new run gets a new address.
function linked(place, seat, address) {
  const tile = place.firstElementChild;
  if (!seat.run_id) return tile;
  const href = address.replace("RUN", encodeURIComponent(seat.run_id));
  if (tile.tagName === "A") {
    if (tile.getAttribute("href") !== href) tile.setAttribute("href", href);
    return tile;
  }
  const link = document.createElement("a");
  link.href = href;
  link.append(...tile.childNodes);
  tile.replaceWith(link);
  return link;
}

export function drawCurve(picture, seat) {
  const group = picture.querySelector("g");
  let path = group.querySelector(`path[data-seat="${seat.number}"]`);
  if (!seat.line) {
    path?.remove();
    return;
  }
  if (!path) {
    path = document.createElementNS(SVG, "path");
    path.dataset.seat = seat.number;
    group.append(path);
  }
  path.setAttribute("d", `M${seat.line.replaceAll(" ", "L")}`);
}

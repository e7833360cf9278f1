// A card's QR code brings code, seat and PIN behind the #, which no browser sends to any server.
// They go into the form and out of the address at once.

const [code, seat, pin] = decodeURIComponent(location.hash.slice(1)).split(".");
const form = document.querySelector("[data-sit]");

if (form && pin) {
  history.replaceState(null, "", location.pathname + location.search);
  form.elements.code.value = code.toUpperCase();
  form.elements.seat.value = seat;
  form.elements.pin.value = pin;
  form.querySelector(".card-read").hidden = false;
  form.querySelector("button").focus();
}

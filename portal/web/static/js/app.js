// What every page does when scripts run. Without them each page still works.

const root = document.documentElement;
root.classList.add("js");

// Times that were said as "12 seconds ago" go on counting.
const STEPS = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [Infinity, "day", 86400]];
const relative = new Intl.RelativeTimeFormat(root.lang, { numeric: "always" });

function tell(seconds) {
  const [, unit, size] = STEPS.find(([limit]) => Math.abs(seconds) < limit);
  return relative.format(Math.trunc(seconds / size), unit);
}

function countOn() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    time.textContent = tell(Number(time.dataset.ago) - Date.now() / 1000);
  }
}

setInterval(countOn, 5000);
document.addEventListener("ages", countOn);

// Deeds that cannot be taken back ask first.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.ask;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A button that was pressed is not pressed twice; the server would know it by its key anyway.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  const button = event.submitter;
  if (button) setTimeout(() => { button.disabled = true; }, 0);
});

// Coming back with the browser's button shows the page as it was left, buttons included.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
});

// The counter: scans are taken as fast as they come, the change is worked out while it is typed. Without this file the pages still work.
import { swap, tell, token, values } from "./parts.js";

const till = document.getElementById("till");
const entry = document.getElementById("entry");
const notice = document.getElementById("notice");
const PARTS = ["notice", "waiting", "lines", "money", "terms"];
const AGAIN = 1500;
const home = till?.getAttribute("action");
const waiting = [];
let sending = false;
let onTheWay = false;

till?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
  const { target } = event;
  event.preventDefault();
  if (target === entry) {
    if (entry.value.trim()) scan(entry.value);
    else if (!sending) document.getElementById("given")?.focus();
  } else if (target.id === "caller") press("find");
  else if (target.id === "given" || target.id === "reference") press("pay");
  else if (target.id === "approver") document.getElementById("approver_password").focus();
  else if (target.id === "approver_password") press("agree");
  else if (target.id === "park_note") press("park");
  else if (target.matches("[data-counts]")) {
    send("");
    entry.focus();
  }
});
till?.addEventListener("change", (event) => {
  if (event.target.matches("[data-counts]")) send("");
});
till?.addEventListener("input", (event) => {
  if (event.target.id === "given") tellChange();
});
till?.addEventListener("submit", (event) => {
  if (till.dataset.sent || sending) event.preventDefault();
  else till.dataset.sent = "1";
  till.elements.csrfmiddlewaretoken.value = token(till);
});
addEventListener("pageshow", () => till && delete till.dataset.sent);

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey) return;
  const found = document.querySelector(`[data-key="${CSS.escape(event.code)}"]`);
  if (!found) return;
  event.preventDefault();
  if (found.matches("details")) {
    found.open = true;
    found.querySelector("input").focus();
  } else if (found.matches("a, button")) found.click();
  else { found.focus(); found.select(); }
});

// Enter in a field that stands for a button.
function press(action) {
  if (!sending && !till.dataset.sent) till.requestSubmit(till.querySelector(`button[value=${action}]`));
}

function scan(text) {
  waiting.push(text);
  entry.value = "";
  keepWaiting();
  if (!sending) send(waiting[0]);
}

async function send(text) {
  if (sending) return;
  sending = true;
  onTheWay = Boolean(text);
  keepWaiting();
  const data = new FormData(till);
  data.set("entry", text);
  data.set("action", text ? "enter" : "count");
  data.set("csrfmiddlewaretoken", token(till));
  for (const name of ["step", "approver", "approver_password"]) data.delete(name);
  const sent = values(till);
  let newer = false;
  try {
    const answer = await fetch(home, { method: "POST", body: new URLSearchParams(data), redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 403) return loggedOut();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.getElementById("till")) return answer.ok ? location.reload() : giveBack(text);
    newer = swap(till, PARTS.map((part) => page.getElementById(part)), sent);
  } catch {
    tell(notice, till.dataset.offline);
    setTimeout(() => send(waiting[0] ?? ""), AGAIN);
    return;
  } finally {
    sending = false;
  }
  if (text) waiting.shift();
  onTheWay = false;
  keepWaiting();
  tellChange();
  if (waiting.length) send(waiting[0]);
  else if (newer) send("");
}

// What the server has not answered to yet survives a reload and a log-in, in this tab; `version`: what it was scanned on top of.
function keepWaiting() {
  if (waiting.length) sessionStorage.setItem(home, JSON.stringify({ version: till.elements.version.value, waiting, onTheWay }));
  else sessionStorage.removeItem(home);
}

// What the server cannot take goes back into its field: it is not sent again by itself.
function giveBack(text) {
  if (text) entry.value = waiting.shift();
  onTheWay = false;
  keepWaiting();
  tell(notice, till.dataset.failed);
}

// The keyboard stays where it is: somebody may be scanning on.
function loggedOut() {
  tell(notice, till.dataset.loggedOut, till.dataset.logIn, till.dataset.login);
}

const kept = till && JSON.parse(sessionStorage.getItem(home));
if (kept) {
  // Where the sale has moved on, the first was saved after all, and only its answer was lost.
  waiting.push(...kept.waiting.slice(kept.onTheWay && kept.version !== till.elements.version.value ? 1 : 0));
  keepWaiting();
  if (waiting.length) send(waiting[0]);
}

function tellChange() {
  const given = document.getElementById("given");
  const told = document.getElementById("change");
  if (!given) return;
  const rest = Number(given.value.replace(",", ".")) - Number(given.dataset.total);
  told.hidden = !given.value.trim() || Number.isNaN(rest);
  told.classList.toggle("is-missing", rest < 0);
  told.querySelector("b").textContent = rest.toFixed(2);
}

const print = document.querySelector("[data-print]");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
  const next = document.getElementById("next");
  next.focus();
  addEventListener("afterprint", () => next.focus());
}

const count = document.getElementById("count");
count?.addEventListener("input", add);
count?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.dataset.worth) return;
  event.preventDefault();
  const all = [...count.querySelectorAll("input:not([type=hidden])")];
  all[all.indexOf(event.target) + 1].focus();
});
if (count) add();
function add() {
  let sum = 0;
  for (const pieces of count.querySelectorAll("[data-worth]")) {
    const worth = Math.round(Number(pieces.dataset.worth) * 100) * (Number(pieces.value) || 0);
    pieces.closest("tr").querySelector("[data-sum]").textContent = worth ? (worth / 100).toFixed(2) : "";
    sum += worth;
  }
  const told = document.getElementById("counted");
  told.hidden = false;
  told.querySelector("b").textContent = `${(sum / 100).toFixed(2)} ${told.dataset.currency}`;
}

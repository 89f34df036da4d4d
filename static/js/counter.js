// The counter: scans are taken as fast as they come, the change is worked out while it is typed. Without this file the pages still work.
const till = document.getElementById("till");
const entry = document.getElementById("entry");
const PARTS = ["notice", "lines", "money"];
const AGAIN = 1500;
const waiting = [];
let sending = false;

till?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
  const { target } = event;
  if (target === entry) {
    event.preventDefault();
    if (entry.value.trim()) scan(entry.value);
    else if (!sending) document.getElementById("given")?.focus();
  } else if (target.id === "caller") {
    event.preventDefault();
    till.requestSubmit(till.querySelector("button[value=find]"));
  } else if (target.id === "given" || target.id === "reference") {
    event.preventDefault();
    if (!sending && !till.dataset.sent) till.requestSubmit(till.querySelector("button[value=pay]"));
  } else if (target.matches("[name=quantity], [name^=unmatched]")) {
    event.preventDefault();
    send("");
    entry.focus();
  }
});
till?.addEventListener("change", (event) => {
  if (event.target.matches("[name=quantity]")) send("");
});
till?.addEventListener("input", (event) => {
  if (event.target.id === "given") tellChange();
});
till?.addEventListener("submit", (event) => {
  if (till.dataset.sent || sending) event.preventDefault();
  else till.dataset.sent = "1";
});
addEventListener("pageshow", () => till && delete till.dataset.sent);

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey) return;
  const found = document.querySelector(`[data-key="${CSS.escape(event.code)}"]`);
  if (!found) return;
  event.preventDefault();
  if (found.matches("a, button")) found.click();
  else { found.focus(); found.select(); }
});

function scan(text) {
  waiting.push(text);
  entry.value = "";
  if (!sending) send(waiting.shift());
}

async function send(text) {
  if (sending) return;
  sending = true;
  const data = new FormData(till);
  data.set("entry", text);
  data.set("action", text ? "enter" : "count");
  data.delete("step");
  try {
    const answer = await fetch(till.getAttribute("action"), { method: "POST", body: data });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.getElementById("till")) return location.reload();
    for (const part of PARTS) document.getElementById(part).replaceChildren(...page.getElementById(part).childNodes);
  } catch {
    document.getElementById("notice").textContent = till.dataset.offline;
    if (text) waiting.unshift(text);
    setTimeout(() => { if (!sending && waiting.length) send(waiting.shift()); }, AGAIN);
    return;
  } finally {
    sending = false;
  }
  tellChange();
  if (waiting.length) send(waiting.shift());
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

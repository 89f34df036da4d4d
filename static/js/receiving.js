// The dock's page: the field is always ready for the next scan, and each scan is sent on its own, one after the other, until it has arrived.
const fieldForm = document.querySelector("[data-scan-field]");
const field = fieldForm?.elements.code;
const scanning = document.querySelector("[data-scan]");
const unsent = document.querySelector("[data-unsent]");
const waiting = [];
let sending = false;

const writes = (element) => element instanceof Element && element.closest("input, textarea, select, dialog");

if (field) {
  // What a scanner types goes into the field wherever the focus was, and is no shortcut of the desk.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || writes(event.target)) return;
    event.stopPropagation();
    field.focus();
  }, true);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("input, a, summary, dialog, select")) ready();
  });
  ready();
}

document.querySelector("[data-print]")?.addEventListener("click", () => window.print());

scanning?.addEventListener("submit", (event) => {
  event.preventDefault();
  const code = field.value.trim();
  field.value = "";
  if (code) send(scanning.action, { code });
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!scanning) return;
  if (form.matches("[data-choice], [data-part]")) {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form, event.submitter));
    if (form.matches("[data-choice]")) delete values.key;
    send(form.action, values);
    ready();
  } else if (form.matches("[data-confirm]") && waiting.length) {
    event.preventDefault(); // what is scanned is counted first
  }
});

function ready() { field.focus({ preventScroll: true }); }

function send(address, values) {
  waiting.push({ address, body: new URLSearchParams({ key: newKey(), ...values }) });
  if (!sending) sendNext();
}

async function sendNext() {
  sending = waiting.length > 0;
  tellUnsent();
  if (!sending) return;
  const { address, body } = waiting[0];
  try {
    const answer = await fetch(address, {
      method: "POST",
      body,
      headers: { "HX-Request": "true", "X-CSRFToken": scanning.elements.csrfmiddlewaretoken.value },
      redirect: "manual",
    });
    if (answer.type === "opaqueredirect" || answer.status === 403) return location.reload();
    if (answer.status >= 500) throw new Error(answer.statusText);
    show(await answer.text(), answer.ok);
    waiting.shift();
  } catch {
    // The key makes a repeat harmless: it may have been counted although nobody heard.
    await new Promise((done) => setTimeout(done, 1500));
  }
  sendNext();
}

function show(html, isCounted) {
  const parts = new DOMParser().parseFromString(html, "text/html").body.children;
  for (const part of [...parts]) document.getElementById(part.id)?.replaceWith(part);
  const line = isCounted && [...parts].find((part) => part.matches("li"));
  document.querySelectorAll(".sheet .is-last").forEach((item) => item.classList.remove("is-last"));
  if (line) document.getElementById(line.id)?.classList.add("is-last");
  if (!isCounted) navigator.vibrate?.([80, 60, 80]);
}

function tellUnsent() {
  unsent.hidden = waiting.length < 2;
  unsent.querySelector("bdi").textContent = waiting.length;
}

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

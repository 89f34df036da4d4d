// The phone form: two boxes that find as you type, lines the server prices, and a key for everything. Without this file the form still works.
import { Combo } from "./phone/combo.js";
import { ask, change, leave, lookAround, saveNow, saveSoon, sendWhatWaited, token } from "./phone/draft.js";

const form = document.getElementById("phone");
const caller = document.getElementById("caller");
const entry = document.getElementById("entry");
const reading = document.getElementById("reading");
const LOOK_AROUND = 10_000;

new Combo(caller, (option) => {
  if (!option) return;
  caller.value = option.querySelector("strong").textContent;
  document.getElementById("new-customer").open = false;
  change(`choose:${option.dataset.value}`);
  entry.focus();
});
new Combo(entry, (option, text) => {
  entry.value = "";
  change("add", option?.dataset.value ?? text);
});

// A list from an e-mail or a spreadsheet is taken whole.
entry.addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text/plain");
  if (!/\S[^\S\n]*\n\s*\S/.test(text)) return;
  event.preventDefault();
  change("add", text);
});

// Who is typed anew is somebody else.
caller.addEventListener("input", () => {
  const chosen = form.elements.customer;
  if (!chosen.value) return;
  chosen.value = "";
  change("forget");
});

form.addEventListener("input", (event) => {
  if (event.target !== entry) saveSoon();
});
form.addEventListener("change", (event) => {
  if (event.target.closest(".phone-side")) return;
  if (event.target.matches("[data-quotes], [id^=new_], #terms select, .meant")) change();
  else saveNow();
});
form.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=action], [data-read-back]");
  if (!button || button.id === "place" || button.hidden) return;
  event.preventDefault();
  if (button.matches("[data-read-back]")) return readBack(button.formAction);
  const row = button.closest("tr");
  if (/^(remove|drop):/.test(button.value)) {
    row.remove();
    change();
    entry.focus();
  } else {
    change(button.value).then(() => button.value === "offer:favourites" && document.querySelector("[data-offers] button").focus());
    if (button.value === "offer:" || button.matches("[data-key]")) entry.focus();
  }
});
// Among what is offered a digit takes one, Esc closes.
document.getElementById("offers").addEventListener("keydown", (event) => {
  const button = event.key === "Escape" ? event.currentTarget.querySelector("[data-close]") : event.currentTarget.querySelector(`[data-digit="${CSS.escape(event.key)}"]`);
  if (!button || event.altKey || event.ctrlKey) return;
  event.preventDefault();
  event.stopPropagation();
  button.click();
});
reading.addEventListener("close", () => reading.returnValue === "place" && place());
form.addEventListener("submit", () => {
  form.dataset.sent = "1";
  form.elements.csrfmiddlewaretoken.value = token();
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    event.preventDefault();
    place();
  } else if (event.altKey && !event.ctrlKey && !event.metaKey) {
    if (event.code === "KeyN") somebodyNew(event);
    else go(event, document.querySelector(`[data-key="${CSS.escape(event.code)}"]`));
  }
});
// Enter goes on to the next field, but where a field stands for a button of its own.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !event.target.matches("input:not([data-combo]), select")) return;
  event.preventDefault();
  if (event.target.dataset.submits) return document.getElementById(event.target.dataset.submits).click();
  const fields = [...form.querySelectorAll("input:not([type=hidden]), select, textarea")].filter((field) => field.offsetParent);
  fields[fields.indexOf(event.target) + 1]?.focus();
});

function go(event, target) {
  if (!target) return;
  event.preventDefault();
  if (target.matches("details")) {
    target.open = true;
    target.querySelector("input, select, textarea").focus();
  } else if (target.matches("input, select, textarea")) {
    target.focus();
    target.select?.();
  } else {
    target.click();
  }
}
function somebodyNew(event) {
  event.preventDefault();
  document.getElementById("new-customer").open = true;
  const { new_name: name, new_phone: phone } = form.elements;
  if (!name.value && /[^\d\s+()-]/.test(caller.value)) name.value = caller.value;
  if (!phone.value && /^[\d\s+()-]{5,}$/.test(caller.value)) phone.value = caller.value;
  name.focus();
}
async function readBack(address) {
  reading.returnValue = "";
  reading.querySelector("[data-script]").innerHTML = await ask(address);
  if (!reading.open) reading.showModal();
}
function place() {
  if (reading.open) reading.close();
  if (form.dataset.sent) return;
  if (entry.value.trim()) {
    // What stands in the field is wanted too, and seen before it is ordered.
    change("add", entry.value);
    entry.value = "";
    return;
  }
  form.requestSubmit(document.getElementById("place"));
}

// What is held lapses in the open: the clerk sees the seconds, and the next thing typed holds it again.
setInterval(() => {
  const held = form.querySelector("[data-held-until]");
  if (!held) return;
  const left = Math.max(0, Math.round((new Date(held.dataset.heldUntil) - Date.now()) / 1000));
  held.querySelector(".countdown").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  held.classList.toggle("waits", left < 60);
}, 1000);
setInterval(lookAround, LOOK_AROUND);
addEventListener("pagehide", leave);
addEventListener("pageshow", () => delete form.dataset.sent);

document.getElementById("problem")?.focus();
if (await sendWhatWaited()) location.reload();
else if (form.querySelector(".phone-lines")) change();

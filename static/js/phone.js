// The phone form: two boxes that find as you type, and lines the server prices. Without this file the form still works.
const form = document.getElementById("phone");
const lines = document.getElementById("lines");
const entry = document.getElementById("entry");
const caller = document.getElementById("caller");
let turn = 0;

async function refresh(extra = {}) {
  const mine = ++turn;
  const data = new FormData(form);
  data.delete("entry");
  for (const [name, value] of Object.entries(extra)) data.set(name, value);
  const focused = document.activeElement?.classList.contains("quantity")
    ? [...lines.querySelectorAll(".quantity")].indexOf(document.activeElement) : -1;
  const answer = await fetch(lines.dataset.url, { method: "POST", body: data, headers: { "HX-Request": "true" } });
  if (mine !== turn || !answer.ok) return;
  lines.innerHTML = await answer.text();
  if (focused >= 0) lines.querySelectorAll(".quantity")[focused]?.focus();
}

// What is held lapses in the open: the clerk sees the seconds, and the next thing typed holds it again.
setInterval(() => {
  const held = lines.querySelector("[data-held-until]");
  if (!held) return;
  const left = Math.max(0, Math.round((new Date(held.dataset.heldUntil) - Date.now()) / 1000));
  held.querySelector(".countdown").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  held.classList.toggle("waits", left < 60);
}, 1000);
addEventListener("pagehide", () => {
  if (form.dataset.sent || !lines.querySelector("[data-held-until]")) return;
  const data = new FormData();
  for (const name of ["key", "csrfmiddlewaretoken"]) data.set(name, form.elements[name].value);
  navigator.sendBeacon(form.dataset.leave, data);
});

class Combo {
  constructor(input) {
    this.input = input;
    this.list = document.getElementById(input.getAttribute("aria-controls"));
    this.asked = "";
    input.addEventListener("input", () => { clearTimeout(this.timer); this.timer = setTimeout(() => this.ask(), 90); });
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.list.addEventListener("mousedown", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) { event.preventDefault(); this.choose(option); }
    });
  }
  options() { return [...this.list.querySelectorAll("[role=option]")]; }
  current() { return this.list.querySelector("[aria-selected=true]"); }
  async ask() {
    const text = this.input.value.trim();
    this.asked = text;
    if (!text) return this.close();
    const answer = await fetch(`${this.input.dataset.combo}?q=${encodeURIComponent(text)}`, { headers: { "HX-Request": "true" } });
    if (!answer.ok || this.asked !== text) return;
    this.list.innerHTML = await answer.text();
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark(this.options()[0]);
  }
  mark(option) {
    this.current()?.removeAttribute("aria-selected");
    if (!option) return this.input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
  }
  close() {
    this.list.hidden = true;
    this.list.innerHTML = "";
    this.input.setAttribute("aria-expanded", "false");
    this.mark(null);
  }
  async key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const all = this.options();
      if (!all.length) return;
      event.preventDefault();
      const now = all.indexOf(this.current());
      this.mark(all[(now + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      clearTimeout(this.timer);
      if (this.input.value.trim() && this.asked !== this.input.value.trim()) await this.ask();
      this.choose(this.current());
    }
  }
  async choose(option) {
    if (this.input.dataset.kind === "sku") {
      const text = option?.dataset.value || this.input.value;
      this.input.value = "";
      this.asked = "";
      this.close();
      if (text.trim()) await refresh({ entry: text });
      return;
    }
    if (!option) return;
    const answer = await fetch(option.dataset.url, { headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    document.getElementById("customer").innerHTML = await answer.text();
    document.getElementById("new-customer").open = false;
    this.input.value = option.querySelector("strong").textContent;
    this.asked = this.input.value;
    this.close();
    entry.focus();
    refresh();
  }
}

for (const input of document.querySelectorAll("[data-combo]")) new Combo(input);
lines.addEventListener("change", () => refresh());
lines.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remove]");
  if (!button) return;
  button.closest("tr").remove();
  refresh();
  entry.focus();
});
caller.addEventListener("input", () => {
  const chosen = document.querySelector("#customer [name=customer]");
  if (chosen?.value) document.getElementById("customer").innerHTML = '<input type="hidden" name="customer" value="">';
});
document.getElementById("new_country").addEventListener("change", () => refresh());
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") { event.preventDefault(); place(); }
  if (!event.altKey) return;
  const act = { c: () => caller.focus(), l: () => entry.focus(), n: somebodyNew }[event.key.toLowerCase()];
  if (act) { event.preventDefault(); act(); }
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.ctrlKey && event.target.matches("input:not([data-combo])")) {
    event.preventDefault();
    const fields = [...form.querySelectorAll("input:not([type=hidden]), select, textarea")].filter((field) => field.offsetParent);
    fields[fields.indexOf(event.target) + 1]?.focus();
  }
});
function somebodyNew() {
  document.getElementById("new-customer").open = true;
  const name = document.getElementById("new_name");
  if (!name.value && /[^\d\s+]/.test(caller.value)) name.value = caller.value;
  const phone = document.getElementById("new_phone");
  if (!phone.value && /^[\d\s+()-]{5,}$/.test(caller.value)) phone.value = caller.value;
  name.focus();
}
function place() {
  if (form.dataset.sent) return;
  form.dataset.sent = "1";
  form.requestSubmit(document.getElementById("place"));
}
addEventListener("pageshow", () => { delete form.dataset.sent; });
document.getElementById("problem")?.focus();

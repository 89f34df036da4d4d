// A box that finds as you type: arrows walk the list, Enter takes what is marked, Esc closes it. An option can hold no link: what explains the
// marked one stands beside the box.
const PAUSE = 60;

export class Combo {
  constructor(input, taken) {
    this.input = input;
    this.taken = taken;
    this.list = document.getElementById(input.getAttribute("aria-controls"));
    this.explains = document.getElementById(input.dataset.explains ?? "");
    this.asked = "";
    input.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), PAUSE);
    });
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => setTimeout(() => document.querySelector("dialog[open]") || this.close(), 150));
    this.explains?.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("mousedown", (event) => {
      const option = event.target.closest("[role=option]:not([aria-disabled])");
      if (!option) return;
      event.preventDefault();
      this.take(option);
    });
  }
  get options() {
    return [...this.list.querySelectorAll("[role=option]:not([aria-disabled])")];
  }
  get marked() {
    return this.list.querySelector("[aria-selected=true]");
  }
  async ask() {
    const text = this.input.value.trim();
    this.asked = text;
    if (!text) return this.close();
    const answer = await fetch(`${this.input.dataset.combo}?${new URLSearchParams({ q: text, customer: this.input.form.elements.customer?.value ?? "" })}`, { redirect: "manual" }).catch(() => null);
    if (!answer?.ok || this.asked !== text) return;
    this.list.innerHTML = await answer.text();
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark(this.options[0]);
  }
  mark(option) {
    this.marked?.removeAttribute("aria-selected");
    this.explain(option);
    if (!option) return this.input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
  }
  explain(option) {
    if (!this.explains) return;
    this.explains.hidden = !option?.dataset.explain;
    if (this.explains.hidden) return;
    this.explains.href = option.dataset.explain;
    this.explains.querySelector("bdi").textContent = option.dataset.explained;
  }
  close() {
    this.list.hidden = true;
    this.list.replaceChildren();
    this.input.setAttribute("aria-expanded", "false");
    this.mark(null);
  }
  async key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const all = this.options;
      if (!all.length) return;
      event.preventDefault();
      this.mark(all[(all.indexOf(this.marked) + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.stopPropagation();
      this.close();
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      clearTimeout(this.timer);
      if (this.input.value.trim() && this.asked !== this.input.value.trim()) await this.ask();
      this.take(this.marked);
    }
  }
  take(option) {
    const text = this.input.value.trim();
    if (!text && !option) return;
    this.asked = "";
    this.close();
    this.taken(option, text);
  }
}

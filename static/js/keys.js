// The keys that work on every page. Each only does what a link or button on the page does as well.
const typing = (element) => element.closest("input, textarea, select, [contenteditable], dialog");
let gone = 0;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape" && typing(event.target)) event.target.blur();
  if (typing(event.target)) return;
  if (Date.now() - gone < 1200) {
    gone = 0;
    return follow(event, document.querySelector(`[data-go="${CSS.escape(event.key)}"]`));
  }
  if (/^[1-9]$/.test(event.key)) return follow(event, document.querySelector(`[data-jump="${event.key}"]`));
  const act = { "/": search, g: () => (gone = Date.now()), n: order, j: () => step(1), k: () => step(-1), "]": further, "?": help, Enter: open }[event.key];
  if (act) act(event);
});

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (row && !event.target.closest("a, button, input, label, summary")) location.href = row.dataset.href;
});

function follow(event, link) {
  if (!link) return;
  event.preventDefault();
  link.click();
}
function search(event) {
  const box = document.querySelector("[data-search]");
  if (box) { event.preventDefault(); box.focus(); box.select(); }
}
function order(event) { follow(event, document.querySelector('[data-go="n"]')); }
function further(event) { follow(event, document.querySelector("a[rel=next]")); }
function help() { document.getElementById("keys")?.showModal(); }
function rows() { return [...document.querySelectorAll("tr[data-href]")]; }
function step(by) {
  const all = rows();
  if (!all.length) return;
  const now = all.findIndex((row) => row.classList.contains("is-current"));
  const next = all[Math.max(0, Math.min(all.length - 1, now + by))];
  all[now]?.classList.remove("is-current");
  next.classList.add("is-current");
  next.scrollIntoView({ block: "nearest" });
}
function open(event) {
  const row = document.querySelector("tr.is-current");
  if (row && event.target === document.body) location.href = row.dataset.href;
}

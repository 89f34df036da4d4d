// A count's sheet: a scan jumps to its line, Enter there goes back to the scanner. Without this file the server finds the line.
const scanner = document.getElementById("scanner");
const scan = document.getElementById("scan");
const said = document.getElementById("said");
const rows = [...document.querySelectorAll("tr[data-codes]")];

scanner?.addEventListener("submit", (event) => {
  event.preventDefault();
  const code = scan.value.trim().toUpperCase();
  if (!code) return;
  const row = rows.find((one) => one.dataset.codes.split(" ").includes(code));
  said.textContent = row ? "" : `${code} ${scanner.dataset.missing}`;
  scan.value = "";
  const input = row?.querySelector("input.quantity");
  if (!input) return;
  input.focus();
  input.select();
  row.scrollIntoView({ block: "center" });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("tr[data-codes] input.quantity")) return;
  event.preventDefault();
  event.target.blur(); // a number that has changed is written down now
  scan.focus();
});
document.addEventListener("htmx:afterRequest", (event) => {
  const row = event.target.closest?.("tr[data-codes]");
  if (!row) return;
  row.classList.toggle("is-counted", event.detail.successful && event.target.value !== "");
  if (event.detail.successful) row.querySelector("input[type=hidden]").value = event.target.value;
  event.target.classList.toggle("is-invalid", !event.detail.successful); // what was refused is seen, and is said above
});

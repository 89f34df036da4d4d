// A number opens onto what makes it in a dialog over the page. Without this file its link leads to a page that says the same.
const dialog = document.getElementById("explanation");

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a.number, #explanation nav a, #explanation .terms a, #explanation .card-header a, #explanation .more a");
  if (!dialog || !link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  await htmx.ajax("GET", link.href, { target: dialog, swap: "innerHTML" });
  dialog.scrollTop = 0;
  if (!dialog.open) dialog.showModal();
});
// A click beside it closes it, as Escape does.
dialog?.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});

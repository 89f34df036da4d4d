// Says at once that a file is too large, before it is sent for nothing; and while one is being sent, that it is. Without this file the server says so.
const form = document.getElementById("import");

function look() {
  const file = form.elements.file.files[0];
  const isTooLarge = Boolean(file) && file.size > Number(form.dataset.most);
  document.getElementById("too-large").hidden = !isTooLarge;
  return !isTooLarge;
}
form.elements.file.addEventListener("change", look);
form.addEventListener("submit", (event) => {
  if (!look()) return event.preventDefault();
  document.getElementById("sending").hidden = false;
});
// Who comes back to the page finds it ready again.
addEventListener("pageshow", () => (document.getElementById("sending").hidden = true));

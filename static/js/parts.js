// Puts fresh parts of a page in their places. Who types on meanwhile keeps what they typed and where they are.
const fields = (root) => [...root.querySelectorAll("input[id], textarea[id], select[id]")];

// What stands in the form's fields: taken when it is sent, to tell later what was typed since.
export const values = (form) => Object.fromEntries(fields(form).map((field) => [field.id, field.value]));

// Put `parts` in; `sent` is what the server has answered to. Gives whether something newer was kept, which it does not know yet.
export function swap(form, parts, sent) {
  const focused = document.activeElement;
  const place = focused?.id && { id: focused.id, start: focused.selectionStart, end: focused.selectionEnd };
  const typed = fields(form).filter((field) => field.id in sent && field.value !== sent[field.id]).map((field) => [field.id, field.value]);
  for (const part of [...parts]) document.getElementById(part.id)?.replaceChildren(...part.childNodes);
  let newer = false;
  for (const [id, value] of typed) {
    const field = document.getElementById(id);
    if (field && field.value !== value) {
      field.value = value;
      newer = true;
    }
  }
  if (place && document.activeElement !== focused) {
    const field = document.getElementById(place.id) ?? document.getElementById("entry");
    field.focus();
    if (typeof place.start === "number" && field.id === place.id) field.setSelectionRange?.(place.start, place.end);
  }
  return newer;
}

export function token(form) {
  // Who logs in again has a new one: the page's own is no good any more.
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? form.elements.csrfmiddlewaretoken.value;
}

// Say in `notice` what is wrong, and where to go.
export function tell(notice, text, link = "", address = "") {
  const paragraph = Object.assign(document.createElement("p"), { className: "notice notice-error", textContent: `${text} ` });
  paragraph.setAttribute("role", "alert");
  if (link) paragraph.append(Object.assign(document.createElement("a"), { href: address, textContent: link }));
  notice.replaceChildren(paragraph);
}

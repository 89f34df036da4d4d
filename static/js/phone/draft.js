// What is typed is saved with the server at every step, one request after the other, and the parts of the page that it words come back.
import * as parts from "../parts.js";

const form = document.getElementById("phone");
const saved = document.getElementById("saved");
const notice = document.getElementById("notice");
// Its buttons are named action, so that form.action is they.
const home = form.getAttribute("action");
const RETRY = 3000;
let queue = Promise.resolve();
let saving = null;
let dirty = false;

// Do what `action` says to the call, and show what comes of it.
export function change(action = "", entry = "") {
  dirty = false;
  clearTimeout(saving);
  return enqueue(form.dataset.change, { action, entry });
}

// Save soon: somebody is still typing.
export function saveSoon() {
  dirty = true;
  clearTimeout(saving);
  saving = setTimeout(saveNow, 500);
}

// Give what the server says to the form as it stands.
export async function ask(address) {
  await queue;
  const answer = await fetch(address, { method: "POST", body: body({}), headers: { "HX-Request": "true" }, redirect: "manual" });
  if (answer.headers.has("Draft-Version")) form.elements.version.value = answer.headers.get("Draft-Version");
  return answer.text();
}

export function saveNow() {
  clearTimeout(saving);
  if (!dirty) return queue;
  dirty = false;
  return enqueue(form.dataset.save, {});
}

// The page is closing: what is not saved yet is sent off without waiting, and what is held is let go.
export function leave() {
  if (form.dataset.sent) return;
  if (dirty) navigator.sendBeacon(form.dataset.save, body({}));
  if (document.querySelector("[data-held-until]")) navigator.sendBeacon(form.dataset.leave, body({}));
}

// Ask whether a colleague has taken it over meanwhile.
export async function lookAround() {
  if (document.hidden || form.elements.version.value === "0") return;
  const answer = await fetch(form.dataset.now, { redirect: "manual" }).catch(() => null);
  if (answer?.status === 200) swap(await answer.text(), {});
}

export const token = () => parts.token(form);

export const tell = (text, link = "", address = "") => parts.tell(notice, text, link, address);

function enqueue(address, extra) {
  queue = queue.then(() => send(address, extra));
  return queue;
}

function body(extra) {
  const data = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (!["entry", "pasted", "action", "park_note", "colleague", "reason", "lost_note"].includes(name)) data.append(name, value);
  data.set("csrfmiddlewaretoken", token());
  for (const [name, value] of Object.entries(extra)) data.set(name, value);
  return data;
}

async function send(address, extra) {
  saved.textContent = saved.dataset.saving;
  const sent = parts.values(form);
  let answer;
  try {
    answer = await fetch(address, { method: "POST", body: body(extra), headers: { "HX-Request": "true" }, redirect: "manual" });
  } catch {
    tell(form.dataset.offline);
    await new Promise((resolve) => setTimeout(resolve, RETRY));
    return send(address, extra);
  }
  if (answer.type === "opaqueredirect" || answer.status === 403) return loggedOut(extra);
  if (answer.headers.has("Draft-Version")) {
    form.elements.version.value = answer.headers.get("Draft-Version");
    const at = new Date(answer.headers.get("Draft-Saved-At"));
    saved.textContent = `${saved.dataset.saved} ${at.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false })}`;
    if (location.pathname !== home) history.replaceState(null, "", home);
  }
  if (answer.status !== 204) swap(await answer.text(), sent);
}

// What could not be saved waits in this tab until somebody has logged in again.
function loggedOut(extra) {
  sessionStorage.setItem(home, body(extra).toString());
  tell(form.dataset.loggedOut, form.dataset.logIn, form.dataset.login);
  saved.textContent = "";
  notice.querySelector("a").focus();
}

// Send what waited for a log-in. Gives whether there was anything.
export async function sendWhatWaited() {
  const waited = sessionStorage.getItem(home);
  if (!waited) return false;
  sessionStorage.removeItem(home);
  const data = new URLSearchParams(waited);
  for (const name of ["version", "page"]) data.set(name, data.get("version") === form.elements.version.value ? form.elements[name].value : data.get(name));
  data.set("csrfmiddlewaretoken", token());
  const answer = await fetch(form.dataset.change, { method: "POST", body: data, headers: { "HX-Request": "true" } });
  return answer.ok;
}

function swap(html, sent) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  if (parts.swap(form, fresh.body.children, sent)) saveSoon();
  const refused = document.querySelector("#notice [data-empty]");
  if (refused && form.elements[refused.dataset.empty]) form.elements[refused.dataset.empty].value = "";
}

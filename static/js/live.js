// Pages that keep themselves up to date, and what must not happen to them while they do.

// Nobody looks: nothing is asked. On coming back, the page is drawn anew at once.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches("[data-quiet]")) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && document.getElementById("line-now")) htmx.trigger(document.body, "line-changed");
});

// The session has ended: the login belongs on a page of its own, not into a part of this one.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { responseURL } = event.detail.xhr;
  if (responseURL && new URL(responseURL).pathname.startsWith("/login/")) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});

// On a narrow screen the page's own name in the bar is scrolled into sight.
document.querySelector(".bar nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// A button that is answered with a file: the browser sends the form itself.
document.addEventListener("submit", (event) => {
  if (event.submitter?.hasAttribute("data-plain")) event.stopPropagation();
}, true);

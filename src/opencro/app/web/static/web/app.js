// What all pages do: dialogs, lists that act when chosen, and what happens when the session or the network ends.
const $ = (selector, within = document) => within.querySelector(selector);

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-close], [data-login], [data-sheet], [data-all]");
  if (!target) return;
  if (target.matches("[data-close]")) target.closest("dialog")?.close();
  if (target.matches("[data-all]")) for (const box of document.querySelectorAll("input[name=query]")) box.checked = target.checked;
  if (target.matches("[data-login]")) {
    $("#id_login").value = target.dataset.login;
    $("#id_password").value = target.dataset.password;
    $("#id_login").form.requestSubmit();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// A login in another window gives a new token against forged requests; a page that is older takes it along before it sends.
export function renewToken(form) {
  const field = form?.elements?.csrfmiddlewaretoken;
  const known = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
  if (field && known) field.value = known[1];
}
document.addEventListener("submit", (event) => renewToken(event.target), true);

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "sheet-body") $("#sheet").showModal();
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) $("#again").showModal();
  else say(event.detail.xhr.status === 403 ? "Your role does not permit this." : "The server could not do this. Nothing was saved; what you typed is still here.");
});

document.addEventListener("htmx:sendError", () => say("There is no connection. What you typed is still here; save again when it is back."));

export function say(text) {
  const line = document.createElement("p");
  line.className = "message error";
  line.setAttribute("role", "alert");
  line.textContent = text;
  $("#messages").replaceChildren(line);
  line.scrollIntoView({ block: "nearest" });
}

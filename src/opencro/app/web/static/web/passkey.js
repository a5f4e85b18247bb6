// Passkeys: the options come with the page, the device answers, and the answer goes with the form. Without a passkey the form stays.
import { say } from "./app.js";

const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const withBytes = (list) => (list ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));

function readOptions({ publicKey }) {
  const options = { ...publicKey, challenge: toBytes(publicKey.challenge) };
  if (options.user) options.user = { ...options.user, id: toBytes(options.user.id) };
  if (options.excludeCredentials) options.excludeCredentials = withBytes(options.excludeCredentials);
  if (options.allowCredentials) options.allowCredentials = withBytes(options.allowCredentials);
  return options;
}

function writeCredential(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  });
}

async function askFor(form) {
  const how = form.dataset.passkey;
  if (how === "login") {
    const answer = await fetch(form.action, { headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } });
    return navigator.credentials.get({ publicKey: readOptions((await answer.json()).request_options) });
  }
  const said = JSON.parse(document.getElementById("passkey-options").textContent);
  if (how === "get") return navigator.credentials.get({ publicKey: readOptions(said.request_options) });
  const publicKey = readOptions(said.creation_options);
  const passwordless = form.elements.passwordless?.checked ?? false;
  publicKey.authenticatorSelection = { ...publicKey.authenticatorSelection, residentKey: passwordless ? "required" : "discouraged", requireResidentKey: passwordless };
  if (passwordless) publicKey.authenticatorSelection.userVerification = "required";
  return navigator.credentials.create({ publicKey });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      form.elements.credential.value = writeCredential(await askFor(form));
      form.submit();
    } catch {
      say("No passkey was given. Try again, or use your password.");
    }
  });
}

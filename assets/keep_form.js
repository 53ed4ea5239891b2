(() => {
  const form = document.getElementById("kept");
  const link = document.querySelector("#go a");
  // Values are read as entries, never as properties of the form: a field may well be named "action".
  const fields = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const key = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const path = location.pathname + location.search;
  try {
    sessionStorage.setItem("membergate-form-" + key, JSON.stringify({ path, fields, at: Date.now() }));
  } catch {
    return; // No storage: the page stays as it is without scripts.
  }
  form.hidden = true;
  link.href = link.dataset.next + key;
  document.getElementById("with-script").hidden = false;
  document.getElementById("go").hidden = false;
})();

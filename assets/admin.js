// Everything here works without it; this saves a click or a reload.
(() => {
  const all = (css, each) => document.querySelectorAll(css).forEach(each);
  // A button that copies the field before it.
  all("[data-copy]", (button) => {
    const field = document.getElementById(button.dataset.copy);
    // Over plain http a page has no clipboard; then the field is there to copy from.
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.onclick = () =>
      navigator.clipboard.writeText(field.value).then(
        () => (button.textContent = "Copied"),
        () => field.select(),
      );
  });
  // A file is read here and shown in the field, so that one sees what is sent.
  all("input[type=file][data-into]", (input) => {
    input.closest("[hidden]").hidden = false;
    input.onchange = async () => {
      document.getElementById(input.dataset.into).value = await input.files[0].text();
    };
  });
  // What cannot be taken back is asked twice.
  all("form[data-ask]", (form) =>
    form.addEventListener("submit", (event) => confirm(form.dataset.ask) || event.preventDefault()));
  // Long work: the numbers move by themselves, and the page comes again when it is done.
  all("[data-progress]", (place) => {
    const ask = async () => {
      const answer = await fetch(place.dataset.progress, { headers: { accept: "application/json" } }).catch(() => null);
      const state = answer && answer.ok ? await answer.json() : null;
      if (state && !state.running) return location.reload();
      if (state) {
        place.querySelector("progress").value = state.done;
        place.querySelector("progress").max = state.total || 1;
        place.querySelector("[aria-live]").textContent = state.says;
      }
      setTimeout(ask, 700);
    };
    setTimeout(ask, 400);
  });
  const wrong = document.querySelector("[aria-invalid=true]");
  if (wrong) wrong.focus();
})();

(() => {
  const hour = 3600000;
  const part = (id) => document.getElementById(id);
  const key = "membergate-form-" + (location.search.match(/[?&]form=([0-9a-f]{32})(&|$)/) || [])[1];
  let kept;
  try {
    kept = JSON.parse(sessionStorage.getItem(key));
  } catch {
    return;
  }
  if (!kept) return;
  // Only back to this very site: "//host" and "/\host" are other sites to a browser.
  const here = /^\/(?![\/\\])/.test(kept.path) && new URL(kept.path, location.origin).origin === location.origin;
  if (!here || Date.now() - kept.at > 8 * hour) {
    sessionStorage.removeItem(key);
    return;
  }
  const form = part("resume");
  form.setAttribute("action", kept.path);
  part("target").textContent = kept.path.split("?")[0];
  for (const name of new Set(kept.fields.map(([name]) => name))) {
    part("names").append(Object.assign(document.createElement("li"), { textContent: name }));
  }
  form.addEventListener("submit", () => {
    sessionStorage.removeItem(key);
    for (const [name, value] of kept.fields) {
      // Not form.append: a field of that name would stand in its place.
      HTMLFormElement.prototype.append.call(form, Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
  }, { once: true });
  part("discard").addEventListener("click", () => sessionStorage.removeItem(key));
  part("nothing").hidden = true;
  part("waiting").hidden = false;
})();

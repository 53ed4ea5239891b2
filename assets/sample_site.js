// The reasons of the roles come from the gateway; everything else on the page came in the request's headers.
const when = (text) => new Date(text).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

fetch("/_gate/me", { headers: { Accept: "application/json" } })
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
  .then((me) => {
    for (const { role, label, because } of me.roles || []) {
      const item = document.querySelector(`[data-role="${CSS.escape(role)}"]`);
      if (!item) continue;
      const said = because.startsWith(`${label}:`) ? [because] : [label, because];
      item.querySelector(".because").textContent = said.filter(Boolean).join(": ");
    }
    for (const row of document.querySelectorAll("[data-row]")) {
      const value = me[row.dataset.row];
      row.lastElementChild.textContent = value || "";
      row.hidden = !value;
    }
    const holds = document.getElementById("holds");
    if (!holds) return;
    const until = me.holds_until ? `Time alone changes this at ${when(me.holds_until)}.` : "Time alone changes nothing here.";
    holds.textContent = me.as_of ? `${until} Read from the association at ${when(me.as_of)}.` : until;
    holds.hidden = false;
  })
  .catch(() => {});

const clock = document.getElementById("clock");
if (clock) {
  const state = document.getElementById("clock-state");
  const events = new EventSource("/members/events");
  events.onmessage = (event) => { clock.textContent = event.data; clock.classList.remove("ended"); };
  events.onerror = () => {
    clock.classList.add("ended");
    if (events.readyState === EventSource.CLOSED) state.textContent = "The stream has ended: you are signed out, or the site is away.";
  };
}

const expires = document.getElementById("expires");
if (expires) {
  const show = () => {
    const left = Math.round(Number(expires.dataset.expires) - Date.now() / 1000);
    expires.textContent = left > 0 ? `It expires in ${left} s.` : "It has expired by now; the next request gets a new one.";
    if (left > 0) setTimeout(show, 1000);
  };
  show();
}

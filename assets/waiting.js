(() => {
  // Without scripts the page loads itself again; with them it asks, and changes only what is new.
  const part = (id) => document.getElementById(id);
  const again = part("again");
  const set = (id, text) => {
    if (part(id).textContent !== text) part(id).textContent = text;
  };
  let timer;
  const later = (seconds) => {
    clearTimeout(timer);
    timer = setTimeout(ask, seconds * 1000);
  };
  const ask = async () => {
    later(30);
    try {
      const answer = await fetch(again.href, { headers: { accept: "application/json" }, cache: "no-store" });
      const news = await answer.json();
      if (news.over) return location.replace(again.href);
      set("place", String(news.place));
      set("says", news.says);
      part("silent").hidden = !news.ams_silent;
      later(news.again_in);
    } catch {
      // No connection, or no answer that can be read. The place is kept meanwhile.
      later(5);
    }
  };
  // A page in the background is woken seldom.
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  later(Number(again.dataset.in));
})();

// The list is asked for again and again, and put in the place of the old one when it has changed.
const versions = (list) => new Map([...list.querySelectorAll("[data-id]")].map((row) => [row.dataset.id, row.dataset.version]));

const follow = async () => {
  try {
    const answer = document.hidden ? null : await fetch("/people", { redirect: "error" });
    if (answer?.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [old, now] = [document.getElementById("told"), page.getElementById("told")];
      if (now && now.textContent !== old.textContent) {
        const known = versions(old);
        for (const row of now.querySelectorAll("[data-id]")) {
          if (known.get(row.dataset.id) !== row.dataset.version) row.className = "news";
        }
        old.replaceWith(document.adoptNode(now));
      }
    }
  } catch { /* The site is away; it is asked again. */ }
  setTimeout(follow, 1000);
};
follow();

(() => {
  // Browsers never send the fragment, so it has to travel in the query from here on.
  const link = document.getElementById("go");
  const fragment = location.hash.slice(1);
  if (fragment) link.href += "&fragment=" + encodeURIComponent(fragment);
  location.replace(link.href);
})();

// In the list of the desk, J and K go to the next lead and back. The keys count only while the focus is in the list.
document.documentElement.classList.add("has-keys");
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const step = { j: 1, k: -1 }[event.key];
  const table = event.target.closest("[data-keys]");
  if (!step || !table) return;
  const links = [...table.querySelectorAll("tbody th a")];
  const next = links[links.indexOf(event.target) + step];
  if (next) next.focus();
});

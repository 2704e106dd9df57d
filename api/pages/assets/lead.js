// Keys of a lead's page: each link or button names its own in data-key; data-focus says where a key puts the focus.
document.documentElement.classList.add("has-keys");
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const key = CSS.escape(event.key.toLowerCase());
  const input = document.querySelector(`[data-focus="${key}"]`);
  const target = input || document.querySelector(`[data-key="${key}"]`);
  if (!target) return;
  event.preventDefault();
  if (input) input.focus();
  else target.click();
});

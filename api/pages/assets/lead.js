// Keys of a lead's page: each link or button names its own in data-key; data-focus says where a key puts the focus.
// Whoever speaks to the browser, or types without looking, turns them off: single letters would act by accident.
const NAME = "leadledger.keys";
const toggle = document.querySelector("[data-toggle-keys]");

function show() {
  const isOn = localStorage.getItem(NAME) !== "off";
  document.documentElement.classList.toggle("has-keys", isOn);
  toggle.setAttribute("aria-pressed", isOn);
  return isOn;
}

toggle.hidden = false;
toggle.addEventListener("click", () => {
  localStorage.setItem(NAME, show() ? "off" : "on");
  show();
});
show();
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (!document.documentElement.classList.contains("has-keys") || event.target.closest("input, select, textarea")) return;
  const key = CSS.escape(event.key.toLowerCase());
  const input = document.querySelector(`[data-focus="${key}"]`);
  const target = input || document.querySelector(`[data-key="${key}"]`);
  if (!target) return;
  event.preventDefault();
  if (input) input.focus();
  else target.click();
});

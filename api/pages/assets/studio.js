// The studio works without this. It tries an edit while it is typed, shows what points mean while the slider moves, and
// looks how far a trial is.

const PAUSE = 400; // milliseconds without a key after which an edit is tried

// Puts the parts of an answer in the place of those of the page, by their ids; `only`: the part of that id.
function swap(html, only) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  for (const part of only ? [answer.getElementById(only)] : answer.querySelectorAll("[id]")) {
    document.getElementById(part.id)?.replaceChildren(...part.childNodes);
  }
  followSliders();
}

function followSliders() {
  for (const slider of document.querySelectorAll("[data-number]")) {
    const number = document.getElementById(slider.dataset.number);
    slider.oninput = () => { number.value = slider.value; };
    number.oninput = () => { slider.value = number.value; };
  }
}

followSliders();

// Asks the server once nobody has asked for a while; what was asked before is dropped.
function ask(url, pause, take) {
  let timer;
  let running;
  return (makeBody) => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      running?.abort();
      running = new AbortController();
      try {
        const answer = await fetch(url(), { method: "POST", body: makeBody(), signal: running.signal });
        if (answer.ok) take(await answer.text());
      } catch (error) {
        if (error.name !== "AbortError") throw error;
      }
    }, pause);
  };
}

// A field or an operator that is chosen anew may need other inputs: the server writes them.
const ruleForm = document.getElementById("rule-form");
const showInputs = ask(() => ruleForm.action, PAUSE, (html) => {
  const { id } = document.activeElement;
  swap(html, ruleForm.id);
  document.getElementById(id)?.focus();
  ruleForm.removeAttribute("aria-busy");
});
ruleForm?.addEventListener("change", (event) => {
  if (!event.target.matches("[data-refresh]")) return;
  ruleForm.setAttribute("aria-busy", "true");
  showInputs(() => {
    const body = new URLSearchParams(new FormData(ruleForm));
    body.set("do", "show");
    return body;
  });
});

for (const form of document.querySelectorAll("form[data-preview]")) {
  const tryEdit = ask(() => form.dataset.preview, PAUSE, swap);
  form.addEventListener("input", () => tryEdit(() => new URLSearchParams(new FormData(form))));
}

for (const state of document.querySelectorAll("[data-look-again]")) {
  setTimeout(() => location.reload(), 1000 * Number(state.dataset.lookAgain));
}

// Shows how far a training is, without loading the page again and again; when it is over, the page is loaded once more.

const EVERY = 2000; // milliseconds

async function look() {
  const shown = document.getElementById("training");
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const now = page.getElementById("training");
    if (!response.ok || now === null || now.dataset.state !== "running") {
      location.reload();
      return;
    }
    const [steps, stepsNow] = [shown, now].map((part) => part.querySelector(".progress-steps"));
    if (steps.textContent !== stepsNow.textContent) {
      steps.replaceWith(stepsNow);
      document.getElementById("announcement").textContent = stepsNow.querySelector("[aria-current]").textContent;
    }
  } catch {
    // The service starts again, or the network is away: the next look will tell.
  }
  setTimeout(look, EVERY);
}

setTimeout(look, EVERY);

// The pages work without all of this.
const all = (selector) => [...document.querySelectorAll(selector)];
const [letter] = all(".letter");
const [told] = all(".told");
const text = () => {
  let whole = "";
  for (const part of all(".letter :is(h2, h3, p, li, .big)")) {
    if (part.closest(".reply, .came")) continue;
    const item = part.matches("li + li") ? "\n- " : part.matches("li") ? "\n\n- " : "\n\n";
    whole += item + part.innerText;
  }
  return `${whole.trim()}\n`;
};
const offer = (selector, action) => {
  for (const button of all(selector)) {
    button.hidden = false;
    button.onclick = async () => {
      try {
        await action();
        told.textContent = button.dataset.done;
      } catch (error) {
        if (error.name === "AbortError") return;
        told.textContent = button.dataset.failed;
        getSelection().selectAllChildren(letter);
        letter.scrollIntoView();
      }
    };
  }
};
offer("[data-copy]", () => navigator.clipboard.writeText(text()));
if (navigator.share) offer("[data-share]", () => navigator.share({ text: text() }));
offer("[data-print]", () => print());

// Back to a page that answered a POST asks for it anew.
const again = "again" in document.documentElement.dataset;
if (again) history.replaceState(null, "", location.href);
all("#summary")[0]?.focus();

// Unsaved text stays with its place in the history, until other answers are saved.
const form = all("[name=place]")[0]?.form;
const fields = all("main input:not([type=hidden]), textarea");
const now = form && fields.map((one) => one.defaultValue + one.defaultChecked).join();
const keep = () =>
  history.replaceState({ now, again, typed: fields.map((one) => [one.value, one.checked]) }, "");
const kept = history.state;
const { type } = performance.getEntriesByType("navigation")[0];
if (kept && (kept.now === now || (kept.again && type === "reload")))
  fields.forEach((one, at) => ([one.value, one.checked] = kept.typed[at]));
else if (kept) history.replaceState(null, "");
if (form) {
  form.autocomplete = "off";
  let wait;
  form.oninput = () => {
    clearTimeout(wait);
    wait = setTimeout(keep, 400);
  };
  form.addEventListener("submit", () => clearTimeout(wait));
  if (again) keep();
}

// The letter shows the address as it is typed.
const [email] = all("#email");
const [slot] = all(".slot");
if (slot && email) email.oninput = () => (slot.textContent = email.value);

// One press is enough.
for (const button of all("[data-sending]")) {
  const { sending } = button.dataset;
  button.form.onsubmit = (event) => {
    if ((event.submitter ?? button) !== button) return;
    if (button.textContent === sending) event.preventDefault();
    button.textContent = sending;
  };
}

// A page out of the browser's memory may show what was deleted: ask again. Typed text stays.
addEventListener("pageshow", (event) => {
  if (event.persisted && navigator.onLine) location.reload();
});

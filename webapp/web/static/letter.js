// The pages work without all of this.
const all = (selector) => [...document.querySelectorAll(selector)];
const [letter] = all(".letter");
const [told] = all(".told");
const [by] = all("#answer_by");
const [line] = all("[data-line]");
const { dataset } = document.documentElement;
const text = () => {
  let whole = "";
  if (by) line.textContent = by.value && line.dataset.line.replace("…", () => by.value);
  for (const part of all(".letter :is(h2, h3, p, li, .big)")) {
    if (part.closest(".reply, .came") || !part.innerText) continue;
    whole += part.matches("li + li") ? "\n- " : part.matches("li") ? "\n\n- " : "\n\n";
    whole += part.innerText;
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

// Back to a POST's answer asks for it anew.
const again = "again" in dataset;
if (again) history.replaceState(null, "", location.href);
all("#summary")[0]?.focus();

// Unsaved text stays in the history.
const form = all("[name=place]")[0]?.form;
const fields = all("main input:not([type=hidden]), textarea");
const now = form && fields.map((one) => one.defaultValue + one.defaultChecked).join();
const keep = () =>
  history.replaceState({ now, again, typed: fields.map((one) => [one.value, one.checked]) }, "");
const kept = history.state;
const [{ type }] = performance.getEntriesByType("navigation");
if (kept && (kept.now === now || (kept.again && type === "reload")))
  fields.forEach((one, at) => ([one.value, one.checked] = kept.typed[at]));
else if (kept) history.replaceState(null, "");
if (form) {
  form.autocomplete = "off";
  let wait;
  window.oninput = () => {
    clearTimeout(wait);
    wait = setTimeout(keep, 400);
  };
  form.addEventListener("submit", () => clearTimeout(wait));
  if (again) keep();
}

const [email] = all("#email");
const [slot] = all(".slot");
if (slot && email) email.oninput = () => (slot.textContent = email.value);

// One press.
for (const button of all("[data-sending]")) {
  const { sending } = button.dataset;
  button.form.onsubmit = (event) => {
    if ((event.submitter ?? button) !== button) return;
    if (button.textContent === sending) event.preventDefault();
    button.textContent = sending;
  };
}

// No page out of memory shows what is gone.
addEventListener("pageshow", (event) => {
  if (event.persisted && localStorage.gone > performance.timeOrigin) location.reload();
});
if ("gone" in dataset) localStorage.gone = Date.now();

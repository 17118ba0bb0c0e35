// Copy, share, print, and a word while a letter is being sent. The page works without all of it.
"use strict";
(() => {
  // The letter as plain text: what stands on the page, but for the lines by which one answers it.
  const text = () => {
    const parts = document.querySelectorAll(".letter :is(h2, h3, p, li)");
    let letter = "";
    let inList = false;
    for (const part of parts) {
      if (part.closest(".reply")) continue;
      const isItem = part.tagName === "LI";
      letter += letter && (inList && isItem ? "\n" : "\n\n");
      letter += (isItem ? "- " : "") + part.innerText;
      inList = isItem;
    }
    return `${letter}\n`;
  };
  const show = (selector, action) => {
    const button = document.querySelector(selector);
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => action(button));
  };
  if (navigator.clipboard) {
    show("[data-copy]", async (button) => {
      try {
        await navigator.clipboard.writeText(text());
        button.textContent = button.dataset.copy;
        button.setAttribute("role", "status");
      } catch {
        getSelection().selectAllChildren(document.querySelector(".letter"));
      }
    });
  }
  if (navigator.share) {
    show("[data-share]", () => navigator.share({ text: text() }).catch(() => {}));
  }
  show("[data-print]", () => window.print());

  // A page that answered a POST is not kept, and Back would end at an error of the browser's own:
  // so its place in the history asks for the page anew.
  if ("again" in document.documentElement.dataset) history.replaceState(null, "", location.href);

  // What needs an answer first is read out first.
  document.getElementById("summary")?.focus();

  // The letter shows the address as it is typed, where the mail will have it.
  const email = document.getElementById("email");
  const slot = document.querySelector(".slot");
  if (email && slot) {
    const empty = slot.textContent;
    email.addEventListener("input", () => {
      slot.textContent = email.value.trim() || empty;
    });
  }

  // One press is enough: a button that sends says so, and its form takes no second one.
  for (const button of document.querySelectorAll("[data-sending]")) {
    let sending = false;
    button.form.addEventListener("submit", (event) => {
      if (event.submitter !== button && event.submitter) return;
      if (sending) event.preventDefault();
      sending = true;
      button.textContent = button.dataset.sending;
    });
  }

  // A page that comes back from the browser's memory may show what was deleted: ask again.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();

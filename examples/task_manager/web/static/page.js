// Shows what other browsers change. Without this file everything else works.
"use strict";

const list = document.querySelector("#list");
const news = document.querySelector("#news");

// A selected filter applies at once; the button is for keyboards without JavaScript.
for (const select of document.querySelectorAll("#filter select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// A file that the server would refuse is refused before it is sent.
document.addEventListener("change", ({ target }) => {
  const limit = Number(target.dataset.limit);
  if (limit) {
    const isTooLarge = target.files.length > 0 && target.files[0].size > limit;
    target.setCustomValidity(isTooLarge ? `A file may have at most ${limit.toLocaleString()} bytes.` : "");
    target.reportValidity();
  }
});

document.addEventListener("submit", (event) => {
  if (event.target.matches(".remove") && !confirm("Delete this task and its files?")) {
    event.preventDefault();
  }
});

function say(text) {
  news.textContent = text;
  setTimeout(() => { if (news.textContent === text) news.textContent = ""; }, 6000);
}

// Somebody types here: the element stays as it is.
function isBusy(item) {
  return item.querySelector("details[open]") !== null;
}

// Replaces what has changed and nothing else, so that the focus and open forms stay where they are.
function merge(fresh) {
  const present = document.querySelector("#tasks");
  const wanted = [...fresh.querySelectorAll("#tasks > li")];
  const ids = new Set(wanted.map((item) => item.id));
  for (const item of [...present.children]) {
    if (!ids.has(item.id)) item.remove();
  }
  let place = present.firstElementChild;
  for (const item of wanted) {
    let old = document.getElementById(item.id);
    if (old && old.dataset.state !== item.dataset.state) {
      if (isBusy(old)) {
        old.querySelector(".stale").hidden = false;
      } else {
        const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
        if (place === old) place = item;
        old.replaceWith(item);
        if (focused) document.getElementById(focused)?.focus();
        old = item;
      }
    }
    old ??= item;
    if (old === place) place = place.nextElementSibling;
    else present.insertBefore(old, place);
  }
  for (const part of ["#count", "#nothing", "#pages"]) {
    document.querySelector(part).replaceWith(fresh.querySelector(part));
  }
}

// At most one request at a time; changes that arrive meanwhile cause one more.
let running = null;
let isStale = false;

// Whoever calls waits until the page is as new as the call.
function refresh() {
  isStale = true;
  running ??= readAgain().finally(() => { running = null; });
  return running;
}

async function readAgain() {
  try {
    while (isStale) {
      isStale = false;
      const answer = await fetch(list.dataset.page);
      if (answer.status >= 500) return; // The server is in trouble; the stream connects again, and then everything is read again.
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!fresh.querySelector("#tasks")) {
        location.assign(list.dataset.page); // logged out
        return;
      }
      merge(fresh);
    }
  } catch {
    // The network is away; the stream connects again, and then everything is read again.
  }
}

const WORDS = { created: "added", updated: "changed", deleted: "deleted" };

function follow() {
  const source = new EventSource(list.dataset.events);
  // Also the first time: something may have changed since the page was made.
  source.addEventListener("open", refresh);
  source.addEventListener("reload", refresh);
  source.addEventListener("task", async ({ data }) => {
    const change = JSON.parse(data);
    const titled = () => document.getElementById(`task-${change.task_id}`)?.dataset.title;
    const before = titled();
    await refresh();
    say(`${titled() ?? before ?? "A task"} was ${WORDS[change.kind]}`);
  });
  // A browser does not try again after an answer that is no stream.
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 5000);
  });
  addEventListener("pagehide", () => source.close());
}

if (list) follow();

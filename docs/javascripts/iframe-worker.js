// Browsers start no workers for pages that are opened from the file system, and search runs in a worker. There, this class
// stands in for `Worker`: it runs the script in a hidden frame, and hands messages over in both directions.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.onmessage = this.onmessageerror = this.onerror = null;
      this.waiting = [];
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.setAttribute("aria-hidden", "true");
      window.addEventListener("message", (event) => this.hear(event));
      document.body.append(this.frame);
      const page = this.frame.contentDocument;
      page.open();
      page.write("<!doctype html><title></title>");
      page.close();
      const inside = this.frame.contentWindow;
      // What a worker says goes to the page that started it.
      inside.postMessageToPage = (data) => window.postMessage({ from: this.frame.name, data }, "*");
      this.frame.name = `worker-${crypto.randomUUID()}`;
      inside.importScripts = (...urls) =>
        urls
          .map((source) => () => load(page, source))
          .reduce((before, next) => before.then(next), Promise.resolve());
      inside.postMessage = inside.postMessageToPage;
      load(page, url).then(() => {
        this.ready = true;
        this.waiting.splice(0).forEach((data) => this.tell(data));
      });
    }

    hear(event) {
      if (!event.data || event.data.from !== this.frame.name) return;
      const message = new MessageEvent("message", { data: event.data.data });
      this.dispatchEvent(message);
      if (this.onmessage) this.onmessage(message);
    }

    tell(data) {
      this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }));
    }

    // A worker gets a copy, also here: what it changes in a message must not change in the page.
    postMessage(data) {
      const copy = structuredClone(data);
      if (this.ready) this.tell(copy);
      else this.waiting.push(copy);
    }

    terminate() {
      this.frame.remove();
    }
  };
}

function load(page, url) {
  return new Promise((loaded, failed) => {
    const script = page.createElement("script");
    script.src = url;
    script.onload = loaded;
    script.onerror = failed;
    page.head.append(script);
  });
}

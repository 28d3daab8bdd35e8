// Looks at a part of a page as it is shown on a phone, and returns what a reader would stumble over, a line for each finding.
// `selector` chooses the part, and `schemes` are the names of both colour schemes.
(selector, schemes) => {
  const root = document.querySelector(selector);
  const found = [];
  const report = (rule, element, ...more) => found.push([rule, describe(element), ...more].join(" "));

  const describe = (element) => {
    const classes = [...element.classList].map((name) => `.${name}`).join("");
    return `<${element.tagName.toLowerCase()}${classes}> ${(element.textContent || "").trim().slice(0, 40)}`;
  };

  const shown = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    // What only a screen reader is told has a size of one pixel.
    [...element.getClientRects()].some(({ width, height }) => width > 1 && height > 1);

  // The elements that have text of their own, not only of their children.
  const withText = () => {
    const elements = new Set();
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (walker.currentNode.data.trim() && !parent.closest("script, style, noscript, svg, template")) elements.add(parent);
    }
    return [...elements].filter(shown);
  };

  // ---- what the document says

  const headings = [...root.querySelectorAll("h1, h2, h3, h4, h5, h6")];
  const first = headings.filter((heading) => heading.tagName === "H1");
  if (first.length !== 1) found.push(`h1 ${first.length} instead of 1`);
  let level = 1;
  for (const heading of headings) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) report("heading-skips", heading);
    level = next;
  }
  const ids = [...root.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) found.push(`duplicate-id ${id}`);

  for (const image of root.querySelectorAll("img")) {
    if (!image.alt.trim()) report("image-alt", image, image.src);
    if (!image.getAttribute("width") || !image.getAttribute("height")) report("image-size", image, image.src);
    if (image.complete && image.naturalWidth === 0) report("image-broken", image, image.src);
    if (image.complete && Math.abs(image.naturalWidth / image.naturalHeight / (image.getAttribute("width") / image.getAttribute("height")) - 1) > 0.02)
      report("image-shape", image, image.src, `${image.naturalWidth}x${image.naturalHeight}`);
  }

  // What a screen reader says for something to press.
  const nameOf = (element) =>
    (element.getAttribute("aria-label") || element.title || element.textContent || "").trim() ||
    [...element.querySelectorAll("img")].map((image) => image.alt).join("");
  for (const element of root.querySelectorAll("a[href], button, [role=button]"))
    if (shown(element) && !nameOf(element)) report("no-name", element);

  // ---- sizes

  for (const element of withText())
    if (parseFloat(getComputedStyle(element).fontSize) < 12) report("small-text", element, getComputedStyle(element).fontSize);

  // A link in a line of text or code is as high as the line; everything else has 24 pixels, or as much space around it.
  const inText = (element) => getComputedStyle(element).display === "inline" && element.closest("p, li, td, th, dd, pre, h1, h2, h3, h4, h5, h6");
  for (const element of root.querySelectorAll("a[href], button, input, select, label[for], summary")) {
    if (!shown(element) || inText(element) || element.matches(".md-skip, [aria-hidden=true]")) continue;
    const { width, height } = element.getBoundingClientRect();
    if (width < 24 || height < 24) report("small-target", element, `${Math.round(width)}x${Math.round(height)}`);
  }

  if (document.documentElement.scrollWidth > innerWidth) found.push(`scrolls-sideways ${document.documentElement.scrollWidth}`);

  // ---- contrast, as WCAG 2 computes it

  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const colours = new Map();
  const rgba = (text) => {
    if (!colours.has(text)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = text;
      context.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
      colours.set(text, [red, green, blue, alpha / 255]);
    }
    return colours.get(text);
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };

  const backgroundOf = (element, known) => {
    if (!element) return [255, 255, 255, 1];
    if (!known.has(element)) known.set(element, over(rgba(getComputedStyle(element).backgroundColor), backgroundOf(element.parentElement, known)));
    return known.get(element);
  };
  const opacityOf = (element) => (element ? Number(getComputedStyle(element).opacity) * opacityOf(element.parentElement) : 1);

  const before = document.body.dataset.mdColorScheme;
  const style = document.createElement("style");
  style.textContent = "* { transition: none !important }";
  document.head.append(style);
  for (const scheme of schemes) {
    document.body.dataset.mdColorScheme = scheme;
    const known = new Map();
    const seen = new Set();
    for (const element of withText()) {
      const background = backgroundOf(element, known);
      const { color } = getComputedStyle(element);
      const [red, green, blue, alpha] = rgba(color);
      const text = over([red, green, blue, alpha * opacityOf(element)], background);
      const [dark, light] = [luminance(text), luminance(background)].sort((a, b) => a - b);
      const ratio = (light + 0.05) / (dark + 0.05);
      const key = `${text}/${background}`;
      if (ratio < 4.5 && !seen.has(key)) {
        seen.add(key);
        report("contrast", element, scheme, ratio.toFixed(2), `${text.map(Math.round)} on ${background.map(Math.round)}`);
      }
    }
  }
  document.body.dataset.mdColorScheme = before;
  style.remove();
  return found;
};

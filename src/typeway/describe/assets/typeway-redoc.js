// Start ReDoc with the configuration that the page carries as JSON.
"use strict";

(() => {
  const place = document.getElementById("redoc");
  if (window.Redoc === undefined) {
    place.textContent = "The script of ReDoc could not be loaded; the browser's console says why.";
    return;
  }

  // ReDoc shows its maker's logo from the maker's server and has no option against it. This page asks no server but
  // its own: an empty image takes the logo's place, which ReDoc then leaves out. The link in the text stays.
  // React sets the address twice, once as an attribute and once as a property.
  const own = (address) => (String(address).startsWith("https://cdn.redoc.ly/") ? "data:," : address);
  const image = HTMLImageElement.prototype;
  const source = Object.getOwnPropertyDescriptor(image, "src");
  Object.defineProperty(image, "src", {
    ...source,
    set(address) {
      source.set.call(this, own(address));
    },
  });
  image.setAttribute = function (name, value) {
    Element.prototype.setAttribute.call(this, name, name === "src" ? own(value) : value);
  };

  const configuration = JSON.parse(document.getElementById("redoc-configuration").textContent);
  window.Redoc.init(configuration.specUrl, configuration.options, place);
})();

// Start Swagger UI with the configuration that the page carries as JSON.
"use strict";

(() => {
  const read = (id) => {
    const block = document.getElementById(id);
    return block === null ? null : JSON.parse(block.textContent);
  };

  const Bundle = window.SwaggerUIBundle;
  if (Bundle === undefined) {
    document.getElementById("swagger-ui").textContent =
      "The script of Swagger UI could not be loaded; the browser's console says why.";
    return;
  }

  const configuration = read("swagger-ui-configuration");
  if (configuration.oauth2RedirectUrl) {
    // Authorization servers compare absolute addresses.
    configuration.oauth2RedirectUrl = new URL(configuration.oauth2RedirectUrl, window.location.origin).href;
  }
  const ui = Bundle({
    ...configuration,
    // The second is there only where a page loads a bundle that has it.
    presets: [Bundle.presets.apis, Bundle.SwaggerUIStandalonePreset].filter(Boolean),
  });
  const oauth = read("swagger-ui-oauth");
  if (oauth !== null) {
    ui.initOAuth(oauth);
  }
})();

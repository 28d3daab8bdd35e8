// Hand the authorization server's answer to the Swagger UI that opened this window, then close it.
"use strict";

(() => {
  const CODE_FLOWS = ["accessCode", "authorizationCode", "authorization_code"];

  const request = window.opener && window.opener.swaggerUIRedirectOauth2;
  if (!request) {
    document.getElementById("message").textContent =
      "This page finishes a log-in that Swagger UI began. Open the documentation and press Authorize there.";
    return;
  }

  // RFC 6749 section 4.1.2 (code: in the query) and section 4.2.2 (token: in the fragment).
  const inFragment = /code|token|error/.test(window.location.hash);
  const answer = Object.fromEntries(
    new URLSearchParams(inFragment ? window.location.hash.slice(1).replace("?", "&") : window.location.search),
  );
  const { auth, redirectUrl } = request;
  const isValid = answer.state === request.state;
  const report = (level, message) => request.errCb({ authId: auth.name, source: "auth", level, message });

  const finishCode = () => {
    if (!isValid) {
      report("warning", "The authorization may be unsafe: the server did not return the state that was sent to it.");
    }
    if (answer.code) {
      delete request.state;
      auth.code = answer.code;
      request.callback({ auth, redirectUrl });
    } else if (answer.error) {
      const description = answer.error_description ? ` ${answer.error_description}.` : "";
      const more = answer.error_uri ? ` More: ${answer.error_uri}` : "";
      report("error", `[${answer.error}]:${description}${more}`);
    } else {
      report("error", "[Authorization failed]: the server sent no access code.");
    }
  };

  if (CODE_FLOWS.includes(auth.schema.get("flow")) && !auth.code) {
    finishCode();
  } else {
    request.callback({ auth, token: answer, isValid, redirectUrl });
  }
  window.close();
})();

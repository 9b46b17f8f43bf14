import { html } from "hono/html";
import { ERROR_CODES } from "../error-codes";

/** `/docs/errors`: every code under its own anchor. */
export function errorCodesPage(): ReturnType<typeof html> {
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>Error codes</title>
      <h1>Error codes</h1>
      <dl>
        ${Object.entries(ERROR_CODES).map(
          ([code, meaning]) =>
            html`<dt id="${code}"><code>${code}</code></dt>
              <dd>${meaning}</dd> `,
        )}
      </dl>
    </html> `;
}

import { Hono } from "hono";
import type { NotificationQuery } from "../../notify/history";
import type { DeliveryOutcome } from "../../notify/model";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { cursorOf, readPage, readText } from "./history-query";

/** A search without `from` looks back for so long. */
const SPAN_MS = 30 * 86_400_000;

const KNOWN_OUTCOMES: Readonly<Record<DeliveryOutcome | "none", true>> = {
  delivered: true,
  failed: true,
  rejected: true,
  gave_up: true,
  superseded: true,
  url_refused: true,
  no_mail_provider: true,
  none: true,
};

/** What `outcome` of a message may be; `none`: no attempt is known. */
export const OUTCOMES = Object.keys(KNOWN_OUTCOMES);

/** `/api/v1/notifications`: what was decided and why, with every attempt to deliver it. */
export function notificationRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get("/api/v1/notifications", requireScope("read"), async (c) => {
    const page = readPage(c, SPAN_MS);
    if (!page.ok) return problem(c, page.error);
    const texts: Record<string, string> = {};
    for (const [parameter, field, allowed] of FILTERS) {
      const text = readText(c, parameter, allowed);
      if (!text.ok) return problem(c, text.error);
      if (text.value !== undefined) texts[field] = text.value;
    }
    // The fields of FILTERS are NotificationQuery's, with values from its own lists.
    const query: NotificationQuery = { ...page.value, ...texts };
    const history = c.get("deps").notificationHistory(c.get("actor").projectId);
    const found = await history.search(query);
    const last = found.length === query.limit ? found.at(-1) : undefined;
    return c.json({
      notifications: found,
      ...(last === undefined ? {} : { next_cursor: cursorOf(last) }),
    });
  });
  return app;
}

const FILTERS: readonly (readonly [
  parameter: string,
  field: keyof NotificationQuery,
  allowed?: readonly string[],
])[] = [
  ["receiver", "receiver"],
  ["integration", "integration"],
  ["decision", "decision", ["sent", "held"]],
  ["reason", "reason"],
  ["outcome", "outcome", OUTCOMES],
  ["alert", "alert"],
  ["q", "text"],
];

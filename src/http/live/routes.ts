import { Hono } from "hono";
import { parseTopics } from "../../live/topics";
import { requireScope } from "../auth/require";
import type { AppEnv, Deps } from "../deps";
import { problem } from "../problem";

/** `/live`: the upgrade to the project's hub. */
export function liveRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/live", requireScope("read"), async (c) => {
    const deps = c.get("deps");
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      return problem(c, {
        status: 400,
        code: "websocket_expected",
        detail: "/live speaks WebSocket: connect to it with ws:// or wss://",
      });
    }
    const origin = c.req.header("origin");
    if (origin !== undefined && !ownOrigin(deps, c.req.url, origin)) {
      return problem(c, {
        status: 403,
        code: "origin_refused",
        detail: `a page of ${origin} may not watch this deployment`,
        where: "Origin",
      });
    }
    const topics = c.req.query("topics");
    const parsed = parseTopics(topics);
    if ("unknown" in parsed)
      return problem(c, {
        status: 400,
        code: "topic_unknown",
        detail: `there is no topic ${JSON.stringify(parsed.unknown)}`,
        where: "topics",
      });
    const { projectId, tokenId, name } = c.get("actor");
    const upgrade = new Request("https://hub/live", {
      headers: {
        upgrade: "websocket",
        "x-vedette-watcher": JSON.stringify({ tokenId, name, topics }),
      },
    });
    return deps.objects(projectId).liveHub().fetch(upgrade);
  });

  return app;
}

/** Browsers name the page's origin on every upgrade and cookies ride along, so it must be ours; other clients name none. */
function ownOrigin(deps: Deps, url: string, origin: string): boolean {
  if (origin === new URL(url).origin) return true;
  return (
    deps.config.externalUrl !== undefined && origin === new URL(deps.config.externalUrl).origin
  );
}

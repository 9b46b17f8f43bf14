import { Hono } from "hono";
import { expect, it } from "vitest";
import type { AppEnv, Deps } from "../../src/http/deps";
import { rateLimit } from "../../src/http/rate-limit";

/** The key by which a request is counted. */
async function keyOf(
  path: string,
  headers: Record<string, string>,
  method = "GET",
): Promise<string> {
  const keys: string[] = [];
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    const rateLimiter = async (_: string, key: string): Promise<boolean> => keys.push(key) > 0;
    c.set("deps", { rateLimiter } as unknown as Deps); // what the limit looks at
    await next();
  });
  app.use(rateLimit());
  app.all("*", (c) => c.text("ok"));
  await app.request(path, { method, headers: { "cf-connecting-ip": "192.0.2.7", ...headers } });
  return keys.join();
}

it("counts by token where a token is what opens", async () => {
  const bearer = { authorization: "Bearer one" };
  expect(await keyOf("/api/v1/silences", bearer)).toBe("one");
  expect(await keyOf("/api/v2/alerts?token=two", {}, "POST")).toBe("two");
  expect(await keyOf("/api/v1/silences", {})).toBe("192.0.2.7");
});

it.each([
  "/a/some.link",
  "/api/v1/heartbeat/hb_default_x_y",
  "/api/v1/heartbeat/hb_default_x_y/fail",
])(
  "counts by address at %s, which is opened by itself: an invented token makes no fresh limit",
  async (path) => {
    for (const method of ["GET", "POST"]) {
      expect(await keyOf(path, { authorization: "Bearer any" }, method)).toBe("192.0.2.7");
      expect(await keyOf(`${path}?token=any`, { cookie: "vedette_session=x" }, method)).toBe(
        "192.0.2.7",
      );
    }
  },
);

import { request } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Vedette, startVedette } from "./vedette";

let vedette: Vedette;
beforeAll(async () => {
  vedette = await startVedette();
});
afterAll(async () => {
  await vedette.stop();
});

/** fetch sets Host by itself, so this asks as a browser would under another name. */
function statusAt(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host, authorization: "Bearer vdt_admin_local" };
    const asked = request(
      { host: "127.0.0.1", port: vedette.port, path: "/config/v1/tokens", headers },
      (r) => {
        r.resume();
        resolve(r.statusCode ?? 0);
      },
    );
    asked.once("error", reject);
    asked.end();
  });
}

it("answers at its own names alone, so that a page cannot reach it by a name of its own", async () => {
  expect(await statusAt(`127.0.0.1:${vedette.port}`)).toBe(200);
  expect(await statusAt(`localhost:${vedette.port}`)).toBe(200);
  expect(await statusAt("localhost:9000")).toBe(200);
  expect(await statusAt("rebound.example")).toBe(421);
  expect(await statusAt(`rebound.example:${vedette.port}`)).toBe(421);
});

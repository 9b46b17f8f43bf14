import { describe, expect, it } from "vitest";
import {
  OutgoingError,
  type OutgoingRequest,
  type Outside,
  fetchOutside,
} from "../../../src/http/scrape/fetch";

const REQUEST: OutgoingRequest = {
  url: "http://intra.example/metrics",
  method: "GET",
  headers: { "x-own": "1" },
  body: undefined,
  auth: { kind: "basic", username: "u", password: "p" },
  followRedirects: true,
  bodyLimit: 10,
  timeoutMs: 500,
};

/** A deployment that reaches intra.example over a binding, which answers so. */
function outside(
  answer: (url: string, init: RequestInit) => Response | Promise<Response>,
): Outside {
  const fetcher = { fetch: async (url: string, init: RequestInit) => answer(url, init) };
  // Only fetch is called of it.
  return { local: false, bindings: new Map([["intra.example", fetcher as unknown as Fetcher]]) };
}

const ask = (request: Partial<OutgoingRequest>, to: Outside) =>
  fetchOutside({ ...REQUEST, ...request }, to, () => Date.now());

describe("reaching a target from a deployment", () => {
  it("refuses private addresses and names, and says so", async () => {
    const nobody = outside(() => new Response());
    for (const url of [
      "http://10.0.0.1/metrics",
      "http://192.168.1.1/",
      "http://100.64.0.1/",
      "http://169.254.169.254/latest/meta-data",
      "http://[fd00::1]/",
      "http://localhost:9100/metrics",
      "http://printer.local/",
      "http://node/metrics",
    ])
      await expect(ask({ url }, nobody), url).rejects.toThrow(/^private_target: /);
  });

  it("goes over the binding that a host is given", async () => {
    const seen: string[] = [];
    const got = await ask(
      {},
      outside((url, init) => {
        const h = new Headers(init.headers);
        seen.push(`${url} ${h.get("authorization")} ${h.get("x-own")}`);
        return new Response("0123456789abc");
      }),
    );
    expect(seen).toEqual([`http://intra.example/metrics Basic ${btoa("u:p")} 1`]);
    expect([got.status, new TextDecoder().decode(got.body), got.cut]).toEqual([
      200,
      "0123456789",
      true,
    ]);
  });

  it("follows no redirect into a network, and none for ever", async () => {
    const to = (location: string): Outside =>
      outside(() => new Response(null, { status: 302, headers: { location } }));
    await expect(ask({}, to("http://10.0.0.1/"))).rejects.toThrow(/^private_target/);
    await expect(ask({}, to("file:///etc/passwd"))).rejects.toThrow(OutgoingError);
    await expect(ask({}, to("/again"))).rejects.toThrow("stopped after 10 redirects");
    expect((await ask({ followRedirects: false }, to("/again"))).status).toBe(302);
  });

  it("takes no credentials to another host, and repeats no body after a 302", async () => {
    const seen: string[] = [];
    const answer = (url: string, init: RequestInit): Response => {
      const h = new Headers(init.headers);
      seen.push(
        `${init.method} ${url} ${h.get("authorization")} ${h.get("cookie")} ${h.get("x-own")} ${init.body}`,
      );
      return url.endsWith("/metrics")
        ? new Response(null, {
            status: 302,
            headers: { location: "http://intra.example:81/other" },
          })
        : new Response("ok");
    };
    const headers = { cookie: "c=1", "x-own": "1" };
    await ask({ method: "POST", body: "{}", headers }, outside(answer));
    expect(seen).toEqual([
      `POST http://intra.example/metrics Basic ${btoa("u:p")} c=1 1 {}`,
      "GET http://intra.example:81/other null null 1 undefined",
    ]);
  });

  it("gives up in time", async () => {
    const hangs = outside(
      (_, init) =>
        new Promise((_resolve, reject) => {
          init.signal?.addEventListener("abort", () => reject(new Error("aborted")));
        }),
    );
    await expect(ask({ timeoutMs: 30 }, hangs)).rejects.toThrow("context deadline exceeded");
  });
});

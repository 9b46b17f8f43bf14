import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSecretName, scrubRules, scrubText, scrubValue } from "../../src/core/scrub";

const rules = scrubRules(["pin"]);

describe("names", () => {
  it.each([
    "Authorization",
    "http.request.header.set-cookie",
    "headers[Cookie]",
    "PASSWORD",
    "user.password",
    "X-Api-Key",
    "apiKey",
    "clientSecret",
    "PIN",
  ])("%s is secret", (name) => {
    expect(isSecretName(rules, name)).toBe(true);
  });
  it.each(["author", "cookie_banner_shown", "http.method", "passenger", "token_count", "spinner"])(
    "%s is not",
    (name) => {
      expect(isSecretName(rules, name)).toBe(false);
    },
  );
});

describe("text", () => {
  it.each([
    ["Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.abcdefgh", "Authorization: Bearer [redacted]"],
    ["authorization: Basic dXNlcjpwYXNzd29yZA==", "authorization: Basic [redacted]"],
    ["Set-Cookie: sid=abc; Path=/", "Set-Cookie: [redacted]"],
    ["postgres://app:hunter2@db:5432/x", "postgres://app:[redacted]@db:5432/x"],
    ["login with password=hunter2 failed", "login with password=[redacted] failed"],
    ['{"password":"hunter2","user":"a"}', '{"password":"[redacted]","user":"a"}'],
    ["GET /cb?access_token=abc123&x=1", "GET /cb?access_token=[redacted]&x=1"],
    ["jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig-natur_e end", "jwt [redacted] end"],
    ["basic needs of the bearer of news", "basic needs of the bearer of news"],
    ["nothing to see", "nothing to see"],
  ])("%s", (from, to) => {
    expect(scrubText(from)).toBe(to);
  });

  it("done twice is as done once", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            "password=",
            "Bearer ",
            "abcdefgh",
            " ",
            "://",
            ":x@",
            "cookie: ",
            "\n",
            '"',
            "é",
          ),
        ),
        (parts) => {
          const once = scrubText(parts.join(""));
          expect(scrubText(once)).toBe(once);
        },
      ),
    );
  });
});

describe("a line made to be expensive", () => {
  const LENGTH = 65_536;
  it.each([
    "eyJ-",
    "eyJa",
    "eyJa.",
    "a",
    "a.",
    "://",
    "://a:",
    "bearer ",
    "password=",
    "cookie:",
    "token ",
  ])("of %j over and over takes time in proportion to its length", (piece) => {
    // With what makes every pattern run at all, and with nothing that lets it end early.
    const line = `${piece.repeat(LENGTH / piece.length)} eyJ`;
    const start = performance.now();
    scrubText(line);
    // Quadratic patterns took seconds.
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it("is scrubbed all the same", () => {
    const scheme = "x".repeat(5_000);
    expect(scrubText(`${scheme}://user:hunter22@host`)).toBe(`${scheme}://user:[redacted]@host`);
    expect(scrubText(`${"eyJ-".repeat(1_000)} Bearer abcdefghij`)).toContain("Bearer [redacted]");
  });
});

describe("values", () => {
  it("are scrubbed at any depth, other values stay", () => {
    expect(
      scrubValue(rules, { a: [{ cookie: "x", n: 1 }, "Bearer abcdefghij"], b: null, c: true }),
    ).toEqual({ a: [{ cookie: "[redacted]", n: 1 }, "Bearer [redacted]"], b: null, c: true });
  });
});

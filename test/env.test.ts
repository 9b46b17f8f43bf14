import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Env, parseConfig, parseMetricLimits } from "../src/env";

// Only the two variables are read.
const limitsOf = (vars: Partial<Env>) => parseMetricLimits(vars as Env);

it("reads a shard's limits, and names the variable that is wrong", () => {
  expect(limitsOf({})).toEqual({});
  expect(limitsOf({ METRIC_MAX_SERIES: "10", METRIC_OUT_OF_ORDER_WINDOW: "1d12h" })).toEqual({
    maxSeries: 10,
    outOfOrderMs: 36 * 3_600_000,
  });
  expect(() => limitsOf({ METRIC_MAX_SERIES: "many" })).toThrow(/METRIC_MAX_SERIES/);
  expect(() => limitsOf({ METRIC_MAX_SERIES: "0" })).toThrow(/METRIC_MAX_SERIES/);
  expect(() => limitsOf({ METRIC_OUT_OF_ORDER_WINDOW: "soon" })).toThrow(
    /METRIC_OUT_OF_ORDER_WINDOW/,
  );
  expect(() => limitsOf({ METRIC_OUT_OF_ORDER_WINDOW: "21d" })).toThrow(/at most 20d/);
});

it("names a region that there is none of", () => {
  const vars = { TOKEN_SECRET: "a-secret-of-some-length" };
  // Only the variables are read, no binding.
  const parse = (region: string) => parseConfig({ ...vars, REGION: region } as Env);
  expect(() => parse("moon")).toThrow(/REGION is one of .*weur.*"moon"/);
  expect(() => parse("weur")).not.toThrow();
  expect(() => parse("")).not.toThrow();
});

it("reads what bounds queries and who else may read", () => {
  const parse = (vars: Partial<Env>) =>
    // Only the variables are read, no binding.
    parseConfig({ TOKEN_SECRET: "a-secret-of-some-length", ...vars } as Env);
  expect(parse({})).toMatchObject({ queryMaxSamples: undefined, corsOrigin: undefined });
  expect(parse({ QUERY_MAX_SAMPLES: "50", PROMETHEUS_CORS_ORIGIN: "https://.*" })).toMatchObject({
    queryMaxSamples: 50,
    corsOrigin: "https://.*",
  });
  for (const wrong of ["0", "-1", "1.5", "many"])
    expect(() => parse({ QUERY_MAX_SAMPLES: wrong })).toThrow(/^QUERY_MAX_SAMPLES must be a whole/);
  expect(() => parse({ PROMETHEUS_CORS_ORIGIN: "(" })).toThrow(
    /^PROMETHEUS_CORS_ORIGIN is no regular expression/,
  );
});

it("reads how OTLP is translated and which labels tell replicas apart", () => {
  const parse = (vars: Partial<Env>) =>
    // Only the variables are read, no binding.
    parseConfig({ TOKEN_SECRET: "a-secret-of-some-length", ...vars } as Env);
  expect(parse({})).toMatchObject({
    otlp: { strategy: "UnderscoreEscapingWithSuffixes", promote: new Set(), customBuckets: false },
    replicaLabels: { cluster: "cluster", replica: "__replica__" },
  });
  expect(
    parse({
      OTLP_TRANSLATION_STRATEGY: "NoTranslation",
      OTLP_PROMOTE_RESOURCE_ATTRIBUTES: "host.name, k8s.pod.name",
      OTLP_CONVERT_HISTOGRAMS_TO_NHCB: "1",
      HA_CLUSTER_LABEL: "pair",
      HA_REPLICA_LABEL: "prometheus_replica",
    }),
  ).toMatchObject({
    otlp: {
      strategy: "NoTranslation",
      promote: new Set(["host.name", "k8s.pod.name"]),
      customBuckets: true,
    },
    replicaLabels: { cluster: "pair", replica: "prometheus_replica" },
  });
  expect(parse({ OTLP_PROMOTE_RESOURCE_ATTRIBUTES: "*" }).otlp.promote).toBe("all");
  expect(() => parse({ OTLP_TRANSLATION_STRATEGY: "None" })).toThrow(
    /^OTLP_TRANSLATION_STRATEGY is one of Underscore.*"None"/,
  );
});

it("has every variable in docs/variables.md", () => {
  const root = join(import.meta.dirname, "..");
  const code = readFileSync(join(root, "src/env.ts"), "utf8");
  const page = readFileSync(join(root, "docs/variables.md"), "utf8");
  const names = [...code.matchAll(/^ {2}readonly ([A-Z_]+)\?: string;$/gm)].map((m) => m[1]);
  expect(names.length).toBeGreaterThan(15);
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

it("makes the keys that seal of SECRETS_KEY, its former values, and TOKEN_SECRET", () => {
  const token = "a-secret-of-some-length";
  const parse = (vars: Partial<Env>) =>
    // Only the variables are read, no binding.
    parseConfig({ TOKEN_SECRET: token, ...vars } as Env).sealingSecrets;
  expect(parse({})).toEqual([token]);
  expect(parse({ SECRETS_KEY_PREVIOUS: " old-one\nolder " })).toEqual([token, "old-one", "older"]);
  expect(
    parse({ SECRETS_KEY: "the-present-key-of-all", SECRETS_KEY_PREVIOUS: "old-one older" }),
  ).toEqual(["the-present-key-of-all", "old-one", "older", token]);
  expect(() => parse({ SECRETS_KEY: "short" })).toThrow(/^SECRETS_KEY must be a secret/);
  expect(() => parse({ SECRETS_KEY: "with white space in it" })).toThrow(/^SECRETS_KEY holds no/);
});

it("reads how mail leaves, and names what is missing", () => {
  const parse = (vars: Partial<Env>) =>
    // Only the variables are read, no binding.
    parseConfig({ TOKEN_SECRET: "a-secret-of-some-length", ...vars } as Env);
  expect(parse({}).email).toEqual({ from: undefined, provider: undefined });
  expect(
    parse({ EMAIL_PROVIDER: "resend", EMAIL_API_KEY: "k", EMAIL_FROM: "V <a@example.com>" }).email,
  ).toEqual({
    from: "V <a@example.com>",
    provider: { name: "resend", apiKey: "k", url: "https://api.resend.com/emails" },
  });
  expect(() => parse({ EMAIL_FROM: "nobody" })).toThrow(/^EMAIL_FROM must be an address/);
  expect(() => parse({ EMAIL_PROVIDER: "pigeon" })).toThrow(/^EMAIL_PROVIDER is one of resend/);
  expect(() => parse({ EMAIL_PROVIDER: "resend" })).toThrow(/wrangler secret put EMAIL_API_KEY/);
  expect(() => parse({ EMAIL_PROVIDER: "http", EMAIL_API_KEY: "k" })).toThrow(/^EMAIL_API_URL/);
  expect(parse({ WATCHDOG_URL: "https://hc-ping.com/x" }).watchdogUrl).toBe(
    "https://hc-ping.com/x",
  );
  // The address is a secret, which an error page must not show.
  expect(() => parse({ WATCHDOG_URL: "hc-ping.com/x" })).toThrow(
    /^WATCHDOG_URL must be an http\(s\) address$/,
  );
});

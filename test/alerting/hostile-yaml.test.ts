import { describe, expect, it } from "vitest";
import {
  openBundle,
  redactBundle,
  restoreBundle,
  sealBundle,
} from "../../src/alerting/bundle-secrets";
import { readRouterConfig } from "../../src/alerting/config-parse";
import { redactSecrets } from "../../src/alerting/config-secrets";
import { Refused } from "../../src/alerting/config-error";
import { deriveSealKey, makeSealer } from "../../src/core/seal";
import { parseEscalation } from "../../src/incidents/policy";
import { parseRuleFile } from "../../src/rules/rule-file";

const ROUTE = "route: { receiver: r }\n";

/** Ten anchors, each of which says the one before ten times. */
function laughs(of: (name: string) => string): string {
  const lines = ["  - &a0 {}"];
  for (let i = 1; i <= 10; i++)
    lines.push(
      `  - &a${i} { ${of(
        `[${Array(10)
          .fill(`*a${i - 1}`)
          .join(", ")}]`,
      )} }`,
    );
  return `${ROUTE}receivers:\n${lines.join("\n")}\n`;
}

const chain = Array.from({ length: 5_000 }, (_, i) => `  - &c${i + 1} { <<: *c${i} }`).join("\n");
const FILES: readonly (readonly [name: string, yaml: string])[] = [
  ["maps merged ten times ten times", laughs((list) => `<<: ${list}`)],
  ["lists of lists", laughs((list) => `webhook_configs: ${list}`)],
  ["a chain of merges", `${ROUTE}receivers:\n  - &c0 {}\n${chain}\n`],
  ["an anchor that merges itself", `${ROUTE}receivers:\n  - &m { <<: *m }\n`],
  ["an anchor within itself", `${ROUTE}receivers: &l [*l, *l]\n`],
  ["60,000 aliases", `${ROUTE}templates: [&t x${", *t".repeat(60_000)}]\n`],
  [
    "aliases of many anchors",
    `${ROUTE}templates: [${Array.from({ length: 20_000 }, (_, i) => `&t${i} x, *t${i}`).join(",")}]\n`,
  ],
  ["a long list of secrets", `${ROUTE}receivers:\n${"- { name: a, api_key: b }\n".repeat(20_000)}`],
  ["brackets", `${ROUTE}receivers: ${"[".repeat(50_000)}`],
  ["brackets that close", `${ROUTE}receivers: ${"[".repeat(20_000)}${"]".repeat(20_000)}`],
  ["fewer brackets", `${ROUTE}receivers: ${"[".repeat(2_000)}${"]".repeat(2_000)}`],
  ["braces", `${ROUTE}receivers: ${"{a: ".repeat(20_000)}`],
  ["indentation", Array.from({ length: 1_300 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
];

describe("a YAML file that means harm", () => {
  it.each(FILES)(
    "ends in time with a verdict: %s",
    (_, yaml) => {
      const began = performance.now();
      const readers = [
        () => readRouterConfig({ alertmanagerConfig: yaml, templateFiles: {}, files: {} }),
        () => redactSecrets(yaml),
        () => parseRuleFile(yaml),
        () => parseRuleFile(yaml.replace(ROUTE, "").replace("receivers", "groups")),
        () => parseEscalation(yaml, []),
      ];
      for (const read of readers) {
        try {
          read();
        } catch (e) {
          expect(e).toBeInstanceOf(Refused);
        }
      }
      expect(performance.now() - began).toBeLessThan(30_000);
    },
    60_000,
  );

  it("merges and resolves as before where it means none", () => {
    const yaml = `${ROUTE}receivers:
  - &base { name: base, webhook_configs: [&hook { url: "https://example.com/a", max_alerts: 3 }] }
  - { <<: *base, name: r, webhook_configs: [{ <<: *hook, max_alerts: 5 }, *hook] }
`;
    const read = readRouterConfig({ alertmanagerConfig: yaml, templateFiles: {}, files: {} });
    expect(read.ok && read.value.config.receivers[1]).toMatchObject({
      name: "r",
      integrations: [
        { url: "https://example.com/a", maxAlerts: 5 },
        { url: "https://example.com/a", maxAlerts: 3 },
      ],
    });
  });
});

describe("files of a bundle", () => {
  const sealer = makeSealer(
    "p",
    async () => [await deriveSealKey("a key of this test")],
    (n) => new Uint8Array(n),
  );

  it("may have the names of what every object has", async () => {
    const bundle = {
      alertmanagerConfig: ROUTE,
      templateFiles: {},
      files: JSON.parse('{"__proto__":"one","constructor":"two","toString":"three"}') as Record<
        string,
        string
      >,
    };
    const empty = { alertmanagerConfig: ROUTE, templateFiles: {}, files: {} };
    const sealed = await sealBundle(bundle, sealer, empty);
    const opened = await openBundle(sealed, sealer);
    expect(opened.ok && JSON.stringify(opened.value.files)).toBe(JSON.stringify(bundle.files));
    const shown = redactBundle(sealed);
    expect(JSON.stringify(shown.files)).not.toMatch(/one|two|three|sealed/);
    const again = restoreBundle(shown, sealed);
    expect(again.ok && JSON.stringify(again.value.files)).toBe(JSON.stringify(sealed.files));
    expect(restoreBundle(shown, empty)).toMatchObject({ ok: false });
  });
});

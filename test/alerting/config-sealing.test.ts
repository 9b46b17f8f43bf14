import fc from "fast-check";
import { parse, parseDocument } from "yaml";
import { expect, it } from "vitest";
import {
  openBundle,
  redactBundle,
  restoreBundle,
  sealBundle,
} from "../../src/alerting/bundle-secrets";
import { bundleText, readBundle } from "../../src/alerting/config-bundle";
import {
  openSecrets,
  redactSecrets,
  restoreSecrets,
  sealSecrets,
} from "../../src/alerting/config-secrets";
import { type SealKey, deriveSealKey, makeSealer } from "../../src/core/seal";

const keys = deriveSealKey("a secret of some length").then((key): readonly [SealKey] => [key]);
const sealer = makeSealer(
  "default",
  () => keys,
  (count) => crypto.getRandomValues(new Uint8Array(count)),
);

async function opened(yaml: string): Promise<string> {
  const r = await openSecrets(yaml, sealer);
  if (!r.ok) throw new Error(r.error.message);
  return r.value;
}

const FILE = `# a comment
global: { slack_api_url: "https://hooks/S3CRET" } # beside it
route: { receiver: b }
receivers:
  - name: b   # kept
    webhook_configs:
      - url: 'https://it''s/S3CRET'
        http_config:
          basic_auth:
            username: u
            password: |
              S3CRET on
              two lines
    pagerduty_configs:
      - routing_key: >-
          S3CRET
          folded
        severity: critical
    telegram_configs: [{ bot_token: !!str 12345, chat_id: -1 }, { bot_token: "\${TOKEN}", chat_id: 2 }]
    pushover_configs: [{ token: &t "S3CRET\\tq", user_key: *t }]
    opsgenie_configs:
      - api_key: 3141592653
`;

it("seals in place: everything else keeps its form, and what is opened says what it said", async () => {
  const sealed = await sealSecrets(FILE, sealer, undefined);
  expect(sealed).not.toMatch(/S3CRET|12345|3141592653/);
  expect(sealed).toContain('# a comment\nglobal: { slack_api_url: "sealed:v1:');
  expect(sealed).toContain(
    '" } # beside it\nroute: { receiver: b }\nreceivers:\n  - name: b   # kept\n',
  );
  expect(sealed).toContain('bot_token: "${TOKEN}"');
  const back = parse(await opened(sealed)) as Record<string, unknown>;
  const before = parse(FILE) as Record<string, unknown>;
  // A number that is a secret comes back as the text that it was.
  expect(JSON.stringify(back).replace('"3141592653"', "3141592653")).toBe(JSON.stringify(before));
});

it("seals the same again only where something changed", async () => {
  const sealed = await sealSecrets(FILE, sealer, undefined);
  expect(await sealSecrets(FILE, sealer, sealed)).toBe(
    // The form of block scalars is the only thing that sealing takes away.
    sealed,
  );
  expect(await sealSecrets(sealed, sealer, sealed)).toBe(sealed);
  const restored = restoreSecrets(redactSecrets(FILE), sealed);
  if (!restored.ok) throw new Error(restored.error.message);
  expect(restored.value).toBe(sealed);
  const other = await sealSecrets(FILE.replace("two lines", "three lines"), sealer, sealed);
  const changed = other.split("\n").filter((line) => !sealed.includes(line));
  expect(changed).toHaveLength(1);
  expect(changed[0]).toContain("password: ");
});

it("carries any secret in any style of YAML through sealing, opening, hiding and restoring", async () => {
  const styles = [
    "QUOTE_DOUBLE",
    "QUOTE_SINGLE",
    "PLAIN",
    "BLOCK_LITERAL",
    "BLOCK_FOLDED",
  ] as const;
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }).filter((s) => !/^\s*$/.test(s)),
      fc.constantFrom(...styles),
      fc.boolean(),
      async (value, style, flow) => {
        const document = parseDocument(
          `# top\nreceivers:\n  - name: a\n    pagerduty_configs:\n      - ${flow ? "{ routing_key: x, class: y }" : "routing_key: x\n        class: y"}\n# end\n`,
        );
        document.setIn(["receivers", 0, "pagerduty_configs", 0, "routing_key"], value);
        const node: unknown = document.getIn(
          ["receivers", 0, "pagerduty_configs", 0, "routing_key"],
          true,
        );
        if (typeof node === "object" && node !== null) Object.assign(node, { type: style });
        const yaml = document.toString({ lineWidth: 0 });
        const meant = keyOf(yaml);
        const sealed = await sealSecrets(yaml, sealer, undefined);
        if (meant === "<secret>" || meant === "" || /^\$\{\w+\}$/.test(meant)) return;
        expect(keyOf(sealed)).toMatch(/^sealed:v1:/);
        expect(keyOf(await opened(sealed))).toBe(meant);
        expect(keyOf(redactSecrets(sealed))).toBe("<secret>");
        const restored = restoreSecrets(redactSecrets(yaml), sealed);
        expect(restored).toEqual({ ok: true, value: sealed });
        expect(sealed.startsWith("# top\n") && sealed.endsWith("# end\n")).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

function keyOf(yaml: string): string {
  const file = parse(yaml) as {
    receivers: { pagerduty_configs: { routing_key: unknown; class: string }[] }[];
  };
  const config = file.receivers[0]?.pagerduty_configs[0];
  expect(config?.class).toBe("y");
  return String(config?.routing_key);
}

it("keeps a bundle's files sealed, hides them whole, and gives them back for `<secret>`", async () => {
  const given = readBundle(
    JSON.stringify({
      alertmanager_config: FILE,
      template_files: { "a.tmpl": '{{ define "a" }}x{{ end }}' },
      files: { "secrets/token": "S3CRET\n" },
      strict: true,
    }),
  );
  if (!given.ok) throw new Error(given.error.message);
  const sealed = await sealBundle(given.value, sealer, undefined);
  const text = bundleText(sealed);
  expect(text).not.toContain("S3CRET");
  const stored = readBundle(text);
  if (!stored.ok) throw new Error(stored.error.message);
  expect(stored.value).toMatchObject({ strict: true, templateFiles: given.value.templateFiles });
  const back = await openBundle(stored.value, sealer);
  expect(back).toMatchObject({ value: { files: { "secrets/token": "S3CRET\n" } } });
  const shown = redactBundle(stored.value);
  expect(shown.files).toEqual({ "secrets/token": "<secret>" });
  expect(restoreBundle(shown, stored.value)).toMatchObject({
    value: { files: stored.value.files },
  });
  expect(restoreBundle({ ...shown, files: { other: "<secret>" } }, stored.value)).toMatchObject({
    ok: false,
    error: { reason: "secret_unknown", message: expect.stringContaining("other") },
  });
});

it.each([
  ["[]", true],
  ['{"route": {"receiver": "a"}}', true],
  ["{ route: { receiver: a } }", true],
  ['{"alertmanager_config": 5}', false],
  ['{"alertmanager_config": "x", "files": {"a": 1}}', false],
  ['{"alertmanager_config": "x", "surplus": 1}', false],
])("reads %s as YAML, or refuses it as a bundle", (text, taken) => {
  const r = readBundle(text);
  expect(r.ok).toBe(taken);
  if (r.ok) expect(r.value).toMatchObject({ alertmanagerConfig: text, bare: true });
});

it("names a sealed text that does not open, with its place", async () => {
  const foreign = makeSealer(
    "other",
    () => keys,
    (n) => new Uint8Array(n),
  );
  const yaml = `receivers:\n  - pagerduty_configs:\n      - routing_key: ${await foreign.seal("config", "x")}\n`;
  expect(await openSecrets(yaml, sealer)).toMatchObject({
    ok: false,
    error: { reason: "secret_unreadable", line: 3, message: expect.stringContaining("damaged") },
  });
});

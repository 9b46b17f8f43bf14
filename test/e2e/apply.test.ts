import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Vedette, startVedette } from "./vedette";

const root = join(import.meta.dirname, "../..");
let vedette: Vedette;
let dir: string;

beforeAll(async () => {
  vedette = await startVedette();
  dir = await mkdtemp(join(tmpdir(), "vedette-apply-"));
});

afterAll(async () => {
  await vedette?.stop();
  await rm(dir, { recursive: true, force: true });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

interface Done {
  readonly code: number;
  readonly said: string;
}

function apply(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Done> {
  return new Promise((resolve) => {
    execFile(
      join(root, "node_modules/node/bin/node"),
      [join(root, "scripts/apply.mjs"), dir, ...args],
      { env: { ...process.env, VEDETTE_URL: vedette.url, ...env } },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), said: `${stdout}${stderr}` }),
    );
  });
}

async function inForce(): Promise<unknown> {
  const r = await vedette.fetch("/config/v1/alertmanager", {
    token: "vdt_admin_local",
    headers: { accept: "application/json" },
  });
  return r.json();
}

const YAML = `templates: ["templates/*.tmpl"]
route: { receiver: ops }
receivers:
  - name: ops
    webhook_configs:
      - url: "https://hooks.example.com/\${HOOK_TOKEN}"
        http_config:
          authorization: { credentials_file: secrets/token }
    slack_configs:
      - api_url_file: secrets/slack
        title: '{{ template "ours.title" . }}'
`;

it("packs the configuration with its templates and files, and the secrets of the environment", async () => {
  await write({
    "alertmanager.yml": YAML,
    "templates/ours.tmpl": '{{ define "ours.title" }}{{ .Status }}{{ end }}',
    "templates/notes.txt": "not named by the glob",
    "secrets/token": "T0K3N\n",
    "secrets/slack": "https://hooks.slack.com/services/X",
  });
  const without = await apply([]);
  expect(without.code).toBe(1);
  expect(without.said).toMatch(/refused {2}alertmanager\.yml:6:\d+: config_\w+: .*HOOK_TOKEN/);

  // A check takes the environment's word, and stores nothing of it.
  const checked = await apply(["--check", "--secrets-from-env"], { HOOK_TOKEN: "checked" });
  expect(checked.said).toMatch(/^valid {3}alertmanager\.yml$/m);
  expect(checked.code).toBe(0);
  expect((await apply(["--check"])).said).toMatch(/config_\w+: .*HOOK_TOKEN/);

  const done = await apply(["--secrets-from-env"], { HOOK_TOKEN: "from the environment" });
  expect(done.said).toContain("applied  secret HOOK_TOKEN");
  expect(done.said).toContain("applied  alertmanager.yml");
  expect(done.said).toMatch(/alertmanager\.yml:6:\d+: warning variables_filled: /);
  expect(done.code).toBe(0);
  expect(await inForce()).toMatchObject({
    template_files: { "templates/ours.tmpl": expect.stringContaining("ours.title") },
    files: { "secrets/token": "<secret>", "secrets/slack": "<secret>" },
  });
});

it("says what would come of a file without putting it, and refuses by name, file, line and column", async () => {
  const before = await inForce();
  await write({
    "alertmanager.yml": `route: { receiver: a, routes: [{ receiver: nobody }] }
receivers:
  - name: a
    sns_configs:
      - { topic_arn: "arn:x", sigv4: { region: eu } }
`,
  });
  const lax = await apply(["--check"]);
  expect(lax.code).toBe(1);
  expect(lax.said).toMatch(/^valid {3}alertmanager\.yml$/m);
  expect(lax.said).toMatch(/alertmanager\.yml:1:\d+: warning receiver_undefined: /);
  expect(lax.said).toMatch(/alertmanager\.yml:5:\d+: config_not_delivered: .*sns/);
  const strict = await apply(["--check", "--strict"]);
  expect(strict.said).toMatch(/^not valid {3}alertmanager\.yml$/m);
  expect(strict.said).toMatch(/alertmanager\.yml:1:\d+: config_receiver_undefined: /);
  expect((await apply(["--strict"])).said).toMatch(
    /refused {2}alertmanager\.yml:1:\d+: config_receiver_undefined: /,
  );
  expect((await apply([])).said).toMatch(
    /refused {2}alertmanager\.yml:5:\d+: config_not_delivered: /,
  );
  expect(await inForce()).toEqual(before);
});

it("takes out of force what DIR no longer has", async () => {
  await write({
    "alertmanager.yml": "route: { receiver: a }\nreceivers: [{ name: a }]\n",
  });
  expect((await apply([])).code).toBe(0);
  expect(await inForce()).toEqual({
    alertmanager_config: "route: { receiver: a }\nreceivers: [{ name: a }]\n",
    template_files: {},
    files: {},
  });
});

it("names a file that is not there, and an option that it has not", async () => {
  await write({
    "alertmanager.yml":
      "route: { receiver: a }\nreceivers: [{ name: a, slack_configs: [{ api_url_file: gone }] }]\n",
  });
  const done = await apply([]);
  expect(done.said).toContain("not there: gone");
  expect(done.said).toMatch(/refused {2}alertmanager\.yml:2:\d+: config_\w+: .*gone/);
  expect((await apply(["--nonsense"])).code).toBe(2);
});

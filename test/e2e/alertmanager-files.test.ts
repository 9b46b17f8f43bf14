import { existsSync, globSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Vedette, startVedette } from "./vedette";

const ADMIN = "vdt_admin_local";
const DIR = process.env.ALERTMANAGER_CONFORMANCE ?? "/work/shared/conformance/alertmanager";
const FOREIGN = globSync("/work/shared/seeds/000*.txt")[0];
let vedette: Vedette;

beforeAll(async () => {
  vedette = await startVedette();
});

afterAll(async () => {
  await vedette?.stop();
});

function put(query: string, body: string): Promise<Response> {
  return vedette.fetch(`/config/v1/alertmanager${query}`, {
    method: "PUT",
    token: ADMIN,
    headers: { "content-type": "application/yaml" },
    body,
  });
}

interface Judged {
  readonly valid: boolean;
  readonly error?: { readonly detail: string };
}

it.skipIf(!existsSync(`${DIR}/verdicts.json`))(
  "answers with Alertmanager's verdict to every file of its own tests",
  async () => {
    // The file as its makers wrote it.
    const { files } = JSON.parse(readFileSync(`${DIR}/verdicts.json`, "utf8")) as {
      files: Readonly<Record<string, { readonly ok: boolean; readonly error?: string }>>;
    };
    for (const [name, verdict] of Object.entries(files)) {
      const answer = await put("?check=1&strict=1", readFileSync(`${DIR}/config/${name}`, "utf8"));
      const judged = (await answer.json()) as Judged; // as `check` answers
      expect([name, judged.valid]).toEqual([name, verdict.ok]);
      if (verdict.error !== undefined) expect(judged.error?.detail).toContain(verdict.error);
    }
  },
);

it.skipIf(FOREIGN === undefined)(
  "puts in force a file that was written for another tool, with exactly three warnings",
  async () => {
    const all = readFileSync(FOREIGN ?? "", "utf8");
    const from = all.indexOf("# alertmanager/alertmanager.yml");
    const yaml = all.slice(from, all.indexOf("```", from));
    expect(await (await put("", yaml)).json()).toMatchObject({ code: "config_secret_unknown" });
    for (const [name, value] of [
      ["SMTP_PASSWORD", "p4ss"],
      ["SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T/B/X"],
    ] as const) {
      const kept = await vedette.fetch(`/config/v1/secrets/${name}`, {
        method: "PUT",
        token: ADMIN,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ value }),
      });
      expect(kept.ok).toBe(true);
    }
    const stored = await put("", yaml);
    expect(stored.status).toBe(200);
    const { warnings } = (await stored.json()) as { warnings: { name: string }[] };
    expect(warnings.map((w) => w.name).sort()).toEqual([
      "email_subject_body",
      "receiver_undefined",
      "variables_filled",
    ]);
    const route = await vedette.fetch("/api/v1/alerts/route", {
      method: "POST",
      token: "vdt_read_local",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ labels: { alertname: "SecurityIncident", severity: "critical" } }),
    });
    expect(await route.json()).toMatchObject({ receivers: ["critical-alerts", "security-team"] });
  },
);

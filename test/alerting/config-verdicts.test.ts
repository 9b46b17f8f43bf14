import { existsSync, readFileSync, readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { readRouterConfig } from "../../src/alerting/config-parse";

// Files of Alertmanager's own tests with what its release 0.34 says of them.
const DIR = process.env.ALERTMANAGER_CONFORMANCE ?? "/work/shared/conformance/alertmanager";
const present = existsSync(`${DIR}/verdicts.json`);

interface Verdict {
  readonly ok: boolean;
  readonly error?: string;
}

if (!present) it.skip(`Alertmanager's verdicts: ${DIR} is not there`, () => {});
else {
  // The file as its makers wrote it.
  const { files } = JSON.parse(readFileSync(`${DIR}/verdicts.json`, "utf8")) as {
    files: Readonly<Record<string, Verdict>>;
  };

  it.each(Object.entries(files))("judges %s as Alertmanager 0.34 does", (name, verdict) => {
    const text = readFileSync(`${DIR}/config/${name}`, "utf8");
    const read = readRouterConfig(
      { alertmanagerConfig: text, templateFiles: {}, files: {} },
      { strict: true },
    );
    if (read.ok) expect({ ok: true }).toEqual({ ok: verdict.ok });
    else {
      expect({ ok: false, message: read.error.message }).toMatchObject({ ok: verdict.ok });
      expect(read.error.message).toContain(verdict.error ?? "");
      expect(read.error.line).toBeGreaterThan(0);
    }
  });

  it("has a verdict for every file", () => {
    expect(Object.keys(files).sort()).toEqual(readdirSync(`${DIR}/config`).sort());
  });
}

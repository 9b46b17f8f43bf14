/** What became of one file of rule tests; also the answer of the API. Times are ms since the test's start. */
export interface FileVerdict {
  readonly file: string;
  readonly passed: boolean;
  /** Why the file could not be run at all. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly tests: readonly TestVerdict[];
}

export interface TestVerdict {
  readonly name: string;
  readonly passed: boolean;
  readonly failures: readonly TestFailure[];
}

/** `message` is the failure as promtool words it. */
export type TestFailure =
  | { readonly reason: "load"; readonly message: string }
  | {
      readonly reason: "rule_failed";
      readonly rule: string;
      readonly timeMs: number;
      readonly error: string;
      readonly message: string;
    }
  | {
      readonly reason: "query_failed";
      readonly expr: string;
      readonly timeMs: number;
      readonly error: string;
      readonly message: string;
    }
  | {
      readonly reason: "samples_differ";
      readonly expr: string;
      readonly timeMs: number;
      readonly expected: readonly string[];
      readonly got: readonly string[];
      readonly message: string;
    }
  | {
      readonly reason: "alerts_differ";
      readonly alertname: string;
      readonly timeMs: number;
      readonly expected: readonly ShownAlert[];
      readonly got: readonly ShownAlert[];
      readonly message: string;
    };

export interface ShownAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A file's verdict as text, as promtool prints it. */
export function renderVerdict(v: FileVerdict): string {
  const out = [`Unit Testing:  ${v.file}`];
  for (const w of v.warnings) out.push(`  WARNING: ${w}`);
  if (v.passed) return [...out, "  SUCCESS", ""].join("\n");
  out.push("  FAILED:");
  out.push(...v.errors);
  for (const t of v.tests) for (const f of t.failures) out.push(f.message);
  return [...out, ""].join("\n");
}

/** JUnit's XML, a suite for each file, as CI systems read it. */
export function renderJunit(verdicts: readonly FileVerdict[]): string {
  const suites = verdicts.map((v) => {
    const cases = [
      ...v.errors.map((e) => caseXml("file", [e])),
      ...v.tests.map((t) =>
        caseXml(
          t.name,
          t.failures.map((f) => f.message),
        ),
      ),
    ];
    const failed = v.errors.length + v.tests.filter((t) => !t.passed).length;
    return `  <testsuite name="${xml(v.file)}" tests="${cases.length}" failures="${failed}">\n${cases.join("")}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join("")}</testsuites>\n`;
}

function caseXml(name: string, failures: readonly string[]): string {
  if (failures.length === 0) return `    <testcase name="${xml(name)}"/>\n`;
  const inner = failures.map((f) => `      <failure>${xml(f)}</failure>\n`).join("");
  return `    <testcase name="${xml(name)}">\n${inner}    </testcase>\n`;
}

const XML_NAMES: Readonly<Record<string, string>> = {
  "<": "&lt;",
  ">": "&gt;",
  "&": "&amp;",
  '"': "&quot;",
};

function xml(text: string): string {
  // XML 1.0 has no control characters but tab and line ends.
  return (
    text
      // oxlint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd")
      .replaceAll(/[<>&"]/g, (c) => XML_NAMES[c] ?? c)
  );
}

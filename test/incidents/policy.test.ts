import { describe, expect, it } from "vitest";
import { defaultEscalation, parseEscalation, renderEscalation } from "../../src/incidents/policy";

const known = ["pager", "lead"];
const GOOD = `policies:
  critical:
    rounds: 2
    steps:
      - {after: 0s, receiver: pager}
      - {after: 15m, receivers: [pager, lead]}
`;

describe("the escalation file", () => {
  it("is read", () => {
    const r = parseEscalation(GOOD, known);
    expect(r).toEqual({
      ok: true,
      value: {
        critical: {
          name: "critical",
          rounds: 2,
          steps: [
            { afterMs: 0, receivers: ["pager"] },
            { afterMs: 900_000, receivers: ["pager", "lead"] },
          ],
        },
      },
    });
  });

  it("comes back as it was meant", () => {
    const r = parseEscalation(GOOD, known);
    if (!r.ok) throw new Error(r.error.message);
    expect(parseEscalation(renderEscalation(r.value), known)).toEqual(r);
  });

  it("has defaults of two steps for every severity that pages", () => {
    const d = defaultEscalation("pager", "everyone");
    const steps = (p: typeof d.critical) =>
      p?.steps.map((s) => `${s.afterMs / 60_000}m ${s.receivers.join("+")}`);
    expect(steps(d.critical)).toEqual(["15m pager", "30m pager+everyone"]);
    expect(steps(d.high)).toEqual(["30m pager", "60m pager+everyone"]);
    expect(steps(d.medium)).toEqual(["60m pager", "120m pager+everyone"]);
    expect(d.low).toBeUndefined();
  });

  it.each([
    ["policies: [", "yaml_malformed", 1],
    ["policy: {}", "field_unknown", 1],
    ["policies:\n  urgent: {steps: [{receiver: pager}]}", "field_unknown", 2],
    ["policies:\n  high:\n    steps: []", "field_missing", 3],
    ["policies:\n  high:\n    steps:\n      - {after: soon, receiver: pager}", "value_wrong", 4],
    [
      "policies:\n  high:\n    steps:\n      - {after: 5m, receiver: nobody}",
      "receiver_unknown",
      4,
    ],
    [
      "policies:\n  high:\n    steps:\n      - {after: 5m, receiver: pager}\n      - {after: 5m, receiver: lead}",
      "steps_out_of_order",
      5,
    ],
    ["policies:\n  high:\n    rounds: 99\n    steps:\n      - {receiver: pager}", "value_wrong", 3],
  ])("is refused by name and line: %s", (text, reason, line) => {
    const r = parseEscalation(text, known);
    expect(r).toMatchObject({ ok: false, error: { reason, line } });
  });
});

import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelsOf, labelsToRecord } from "../../src/core/labels";
import {
  type RelabelConfig,
  applyRelabel,
  compileRelabel,
  expandTemplate,
} from "../../src/scrape/relabel";

const hash = (text: string): bigint => createHash("md5").update(text).digest().readBigUInt64BE(8);

const DEFAULTS: RelabelConfig = {
  sourceLabels: [],
  separator: ";",
  regex: "(.*)",
  modulus: 0,
  targetLabel: "",
  replacement: "$1",
  action: "replace",
};

type Record_ = Readonly<Record<string, string>>;

function relabel(
  labels: Record_,
  ...steps: readonly Partial<RelabelConfig>[]
): Record_ | undefined {
  const out = applyRelabel(
    labelsOf(labels),
    compileRelabel(steps.map((s) => ({ ...DEFAULTS, ...s }))),
    hash,
  );
  return out === undefined ? undefined : labelsToRecord(out);
}

describe("relabelling", () => {
  const base = { a: "foo", b: "bar", c: "baz" };
  const rows: readonly (readonly [
    string,
    Record_,
    readonly Partial<RelabelConfig>[],
    Record_ | undefined,
  ])[] = [
    [
      "replaces by groups",
      base,
      [{ sourceLabels: ["a"], regex: "f(.*)", targetLabel: "d", replacement: "ch$1-ch$1" }],
      { ...base, d: "choo-choo" },
    ],
    [
      "joins sources",
      base,
      [
        {
          sourceLabels: ["a", "b"],
          regex: "f(.*);(.*)r",
          targetLabel: "a",
          replacement: "b${1}${2}m",
        },
      ],
      { ...base, a: "boobam" },
    ],
    [
      "changes nothing without a match",
      base,
      [{ sourceLabels: ["a"], regex: "o$", targetLabel: "d" }],
      base,
    ],
    [
      "is anchored",
      base,
      [{ sourceLabels: ["a"], regex: "o", targetLabel: "d", replacement: "x" }],
      base,
    ],
    [
      "deletes by an empty value",
      base,
      [{ sourceLabels: ["nope"], targetLabel: "a" }],
      { b: "bar", c: "baz" },
    ],
    [
      "names targets by groups",
      base,
      [{ sourceLabels: ["a"], regex: "(f)oo", targetLabel: "${1}_x", replacement: "v" }],
      { ...base, f_x: "v" },
    ],
    [
      "knows named groups",
      base,
      [
        {
          sourceLabels: ["a"],
          regex: "(?P<first>.).*",
          targetLabel: "d",
          replacement: "${first}!$$",
        },
      ],
      { ...base, d: "f!$" },
    ],
    [
      "lets a dot match a newline",
      { a: "x\ny" },
      [{ sourceLabels: ["a"], regex: "x.y", targetLabel: "b", replacement: "1" }],
      { a: "x\ny", b: "1" },
    ],
    ["drops", base, [{ sourceLabels: ["a"], regex: ".*o.*", action: "drop" }], undefined],
    ["keeps", base, [{ sourceLabels: ["a"], regex: "no-match", action: "keep" }], undefined],
    ["keeps what matches", base, [{ sourceLabels: ["a"], regex: "f.*", action: "keep" }], base],
    [
      "keeps equals",
      { a: "1", b: "1" },
      [{ sourceLabels: ["a"], targetLabel: "b", action: "keepequal" }],
      { a: "1", b: "1" },
    ],
    [
      "drops equals",
      { a: "1", b: "1" },
      [{ sourceLabels: ["a"], targetLabel: "b", action: "dropequal" }],
      undefined,
    ],
    [
      "hashes",
      base,
      [{ sourceLabels: ["c"], targetLabel: "d", modulus: 1000, action: "hashmod" }],
      { ...base, d: String(hash("baz") % 1000n) },
    ],
    [
      "maps names",
      { a: "1", b1: "2", b2: "3" },
      [{ regex: "(b.*)", replacement: "bar_${1}", action: "labelmap" }],
      { a: "1", b1: "2", b2: "3", bar_b1: "2", bar_b2: "3" },
    ],
    ["drops labels", base, [{ regex: "b|c", action: "labeldrop" }], { a: "foo" }],
    ["keeps labels", base, [{ regex: "b|c", action: "labelkeep" }], { b: "bar", c: "baz" }],
    [
      "lowers",
      { a: "FoO" },
      [{ sourceLabels: ["a"], targetLabel: "b", action: "lowercase" }],
      { a: "FoO", b: "foo" },
    ],
    [
      "raises",
      { a: "FoO" },
      [{ sourceLabels: ["a"], targetLabel: "b", action: "uppercase" }],
      { a: "FoO", b: "FOO" },
    ],
    [
      "runs steps in order",
      base,
      [
        { sourceLabels: ["a"], targetLabel: "b", regex: "(.)(.*)", replacement: "$2" },
        { sourceLabels: ["b"], regex: "oo", action: "drop" },
      ],
      undefined,
    ],
  ];
  it.each(rows)("%s", (_, labels, steps, expected) => {
    expect(relabel(labels, ...steps)).toEqual(expected);
  });

  it("parts the labels between labelkeep and labeldrop", () => {
    const anyLabels = fc.dictionary(
      fc.stringMatching(/^[a-z_]{1,6}$/),
      fc.string({ minLength: 1, maxLength: 4 }),
    );
    fc.assert(
      fc.property(anyLabels, fc.stringMatching(/^[a-z]{1,2}$/), (labels, start) => {
        const regex = `${start}.*`;
        const kept = relabel(labels, { regex, action: "labelkeep" }) ?? {};
        const left = relabel(labels, { regex, action: "labeldrop" }) ?? {};
        expect({ ...kept, ...left }).toEqual(labels);
        expect(Object.keys(kept).filter((k) => k in left)).toEqual([]);
      }),
    );
  });

  it("fills templates as Go does: the longest name counts", () => {
    const group = (name: string): string => ({ "1": "one", name: "n" })[name] ?? "";
    expect(expandTemplate("$1x", group)).toBe("");
    expect(expandTemplate("${1}x $name $$1 $ $-", group)).toBe("onex n $1 $ $-");
  });
});

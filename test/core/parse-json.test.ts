import { expect, it } from "vitest";
import { parseJson } from "../../src/core/parse-json";

it("puts U+FFFD in the place of half a surrogate pair, in values and in names", () => {
  const text = String.raw`{"a":"x\ud800y","\udc00":["\ud83d\ude00","\uD83D"],"__proto__":"\udfff","n":1}`;
  expect(JSON.stringify(parseJson(text))).toBe(
    '{"a":"x\ufffdy","\ufffd":["😀","\ufffd"],"__proto__":"\ufffd","n":1}',
  );
  expect(parseJson('{"a":1}')).toEqual({ a: 1 });
  expect(() => parseJson("{")).toThrow(SyntaxError);
});

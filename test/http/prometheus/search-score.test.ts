import { describe, expect, it } from "vitest";
import { jaroWinkler, scorer, subsequence } from "../../../src/http/prometheus/search/score";

describe("likeness", () => {
  it("is Jaro and Winkler's", () => {
    // The examples of their papers.
    expect(jaroWinkler("MARTHA", "MARHTA")).toBeCloseTo(0.9611, 4);
    expect(jaroWinkler("DIXON", "DICKSONX")).toBeCloseTo(0.8133, 4);
    expect(jaroWinkler("DWAYNE", "DUANE")).toBeCloseTo(0.84, 4);
    expect(jaroWinkler("a", "a")).toBe(1);
    expect(jaroWinkler("a", "b")).toBe(0);
    expect(jaroWinkler("", "b")).toBe(0);
  });

  it("of a subsequence falls with what lies between", () => {
    expect(subsequence("x_http_total", "http")).toBe(1);
    expect(subsequence("x_http_total", "httptotal")).toBeCloseTo(0.45, 2);
    expect(subsequence("abc", "ca")).toBe(0);
  });
});

describe("a search", () => {
  const terms = {
    terms: ["Http", "up"],
    algorithm: "jarowinkler",
    threshold: 0,
    caseSensitive: false,
  } as const;

  it("takes the best of its terms", () => {
    const score = scorer(terms);
    expect(["HTTP_requests", "my_http", "upper", "x"].map(score)).toEqual([1, 0.9, 1, undefined]);
    expect(scorer({ ...terms, terms: [] })("x")).toBe(1);
    expect(scorer({ ...terms, caseSensitive: true })("http")).toBeUndefined();
  });

  it("finds what resembles only above its threshold", () => {
    const misspelt = { ...terms, terms: ["reqeusts"] };
    expect(scorer(misspelt)("requests")).toBeUndefined();
    expect(scorer({ ...misspelt, threshold: 0.9 })("requests")).toBeGreaterThan(0.9);
    expect(scorer({ ...misspelt, threshold: 0.99 })("requests")).toBeUndefined();
    const scattered = { ...terms, terms: ["rqs"], algorithm: "subsequence" } as const;
    expect(scorer(scattered)("requests")).toBeCloseTo(1 / 6, 1);
    expect(scorer({ ...scattered, threshold: 0.5 })("requests")).toBeUndefined();
  });
});

interface Difference {
  readonly why: string;
  /** What the answer here has in any case. */
  readonly ours: object;
}

const KAHAN: Difference = {
  why: "Prometheus 3 sums with compensation, so that the last digit may be another",
  ours: { status: 200 },
};
const WORDS = "Prometheus 3 tells it in other words";
const refused = (error: string, why = WORDS): Difference => ({
  why,
  ours: { status: 400, body: { errorType: "bad_data", error } },
});
const UTF8: Difference = {
  why: "Prometheus 3 takes any UTF-8 text as a label's name",
  ours: { status: 200 },
};

const EXPONENTIAL: Difference = {
  why: "Prometheus 3 takes what lies in an exponential bucket for exponentially distributed",
  ours: { status: 200 },
};

/** What differs from Debian's Prometheus 2.42, by the request's title. */
export const KNOWN: ReadonlyMap<string, Difference> = new Map([
  ["GET query query=sum by (job, code) (rate(requests_total[5m])) time=END", KAHAN],
  [
    "GET query_range query=sum by (job, code) (rate(requests_total[5m])) start=END-600 end=END step=60",
    KAHAN,
  ],
  ["GET query_range query=avg_over_time(temperature[2m]) start=END-600 end=END step=60", KAHAN],
  ...["histogram_quantile(0.5, native)", "histogram_fraction(1, 1.5, native)"].flatMap(
    (query): [string, Difference][] => [
      [`GET query query=${query} time=END`, EXPONENTIAL],
      [`GET query_range query=${query} start=END-600 end=END step=60`, EXPONENTIAL],
    ],
  ),
  [
    "GET query query=temperature lookback_delta=3s time=END",
    { why: "lookback_delta is newer", ours: { status: 200, body: { data: { result: [] } } } },
  ],
  [
    "GET query query=1 lookback_delta=x time=END",
    refused(
      'error parsing lookback delta duration: cannot parse "x" to a valid duration',
      "lookback_delta is newer",
    ),
  ],
  ['GET query query=label_replace(temperature, "1a", "x", "instance", ".*") time=END', UTF8],
  ['GET query query=count_values("a b", temperature) time=END', UTF8],
  [
    "GET query query=requests_total[5m time=END",
    refused(
      'invalid parameter "query": 1:18: parse error: unexpected end of input in duration expression',
    ),
  ],
  [
    "GET query query=requests_total[5x] time=END",
    refused('invalid parameter "query": 1:16: parse error: bad number or duration syntax: "5"'),
  ],
  [
    'GET query query=temperature{instance=~"("} time=END',
    refused(
      'invalid parameter "query": 1:23: parse error: error parsing regexp: missing closing ): `^(?s:()$`',
    ),
  ],
  [
    "GET query query=temperature offset time=END",
    refused(
      'invalid parameter "query": 1:19: parse error: unexpected end of input in offset, expected number, duration, step(), or range()',
    ),
  ],
  [
    "GET query query=temperature[1m:] time=END",
    {
      why: "a subquery of Prometheus 3 is open on its left end",
      ours: { status: 200, body: { data: { resultType: "matrix" } } },
    },
  ],
  [
    "GET query query=1) time=END",
    refused(
      "invalid parameter \"query\": 1:2: parse error: unexpected right parenthesis ')'",
      "Prometheus 3 places it at the parenthesis",
    ),
  ],
  [
    "GET query query=# time=END",
    refused(
      'invalid parameter "query": 1:2: parse error: no expression found in input',
      "Prometheus 3 places it behind the comment",
    ),
  ],
]);

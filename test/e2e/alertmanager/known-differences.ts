interface Difference {
  readonly why: string;
  /** What the answer here has in any case. */
  readonly ours: object;
}

const UTF8: Difference = {
  why: "0.27 and later take any UTF-8 text as a label's name",
  ours: { status: 200 },
};
const UNREADABLE: Difference = {
  why: "what a decoder says of bad JSON, or of a value's type inside Go, is its own",
  ours: { status: 400, type: "application/json", body: { code: 400 } },
};
const ABSENT: Difference = {
  why: "what is not there is answered alike under all addresses, as problem+json",
  ours: { status: 404, type: "application/problem+json" },
};
const invalid = (text: string): Difference => ({
  why: "0.28 and later begin with `invalid silence`, not `silence invalid`",
  ours: { status: 400, body: `invalid silence: ${text}` },
});
const BY_STATE: Difference = {
  why: "0.33 and later list silences by their state",
  ours: { status: 200 },
};

/** What differs from Debian's Alertmanager 0.25, by the step's title. */
export const KNOWN: ReadonlyMap<string, Difference> = new Map<string, Difference>([
  ["POST /alerts: a name that is none of Prometheus' old ones", UTF8],
  ["POST /alerts: an annotation with such a name", UTF8],
  ["POST /alerts: a list of numbers", UNREADABLE],
  ["POST /alerts: no JSON", UNREADABLE],
  ["POST /alerts: JSON that is cut off", UNREADABLE],
  ["POST /alerts: an annotation that is a number", UNREADABLE],
  ["POST /alerts: a time that is none", UNREADABLE],
  ["POST /alerts: a time that is a number", UNREADABLE],
  ["PUT /alerts", ABSENT],
  ["GET /nothing", ABSENT],
  ["GET /alerts/nothing", ABSENT],
  ["POST /silences: a list", UNREADABLE],
  ["POST /silences: no JSON", UNREADABLE],
  ["POST /silences: matchers that are an object", UNREADABLE],
  ["POST /silences: a time that is none", UNREADABLE],
  ["POST /silences: a name that is none of Prometheus' old ones", UTF8],
  ["POST /silences: an empty name", invalid('invalid label matcher 0: invalid label name ""')],
  [
    "POST /silences: what matches everything",
    invalid("at least one matcher must not match the empty string"),
  ],
  [
    "POST /silences: what matches everything by a regular expression",
    invalid("at least one matcher must not match the empty string"),
  ],
  [
    "POST /silences: a wrong regular expression",
    invalid(
      'invalid label matcher 0: invalid regular expression "(": error parsing regexp: missing closing ): `(`',
    ),
  ],
  ["GET /silences with expired=false", BY_STATE],
  ["GET /silences with active=false", BY_STATE],
  [
    "DELETE a silence that there is not",
    {
      why: "0.26 and later answer 404, and nothing more",
      ours: { status: 404, type: null, body: undefined },
    },
  ],
]);

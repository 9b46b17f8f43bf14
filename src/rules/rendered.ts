import type { StringMap } from "../core/alerts";
import { type Labels, METRIC_NAME, labelsKey, labelsOf, withLabel } from "../core/labels";
import type { Candidate } from "./state";

/** What follows from an alert's labels, worked out once for each set. */
export interface AlertIdentity {
  readonly key: string;
  /** The labels of `ALERTS`. */
  readonly series: { readonly pending: Labels; readonly firing: Labels };
  /** The labels of `ALERTS_FOR_STATE`. */
  readonly sinceSeries: Labels;
}

const identities = new WeakMap<StringMap, AlertIdentity>();

export function identityOf(labels: StringMap): AlertIdentity {
  const known = identities.get(labels);
  if (known !== undefined) return known;
  const own = labelsOf(labels);
  const alerts = withLabel(own, METRIC_NAME, "ALERTS");
  const made: AlertIdentity = {
    key: labelsKey(own),
    series: {
      pending: withLabel(alerts, "alertstate", "pending"),
      firing: withLabel(alerts, "alertstate", "firing"),
    },
    sinceSeries: withLabel(own, METRIC_NAME, "ALERTS_FOR_STATE"),
  };
  identities.set(labels, made);
  return made;
}

interface Rendered {
  readonly value: number;
  readonly candidate: Candidate;
}

/**
 * What a rule's templates gave for each series when they were last filled in. A series with the same
 * value gives the same texts, so that thousands of alerts that stay as they are cost no rendering.
 */
export class RenderedCandidates {
  private known = new Map<string, Rendered>();
  private asked = new Map<string, Rendered>();

  /** `anew`: the templates ask for more than labels and value. */
  candidate(labels: Labels, value: number, anew: boolean, render: () => Candidate): Candidate {
    if (anew) return render();
    const key = labelsKey(labels);
    const old = this.known.get(key);
    if (old !== undefined && Object.is(old.value, value)) {
      this.asked.set(key, old);
      return old.candidate;
    }
    const made = render();
    // The same object where the labels are the same: what follows from them is known by it.
    const candidate =
      old !== undefined && sameTexts(old.candidate.labels, made.labels)
        ? { ...made, labels: old.candidate.labels }
        : made;
    this.asked.set(key, { value, candidate });
    return candidate;
  }

  /** Forgets the series that were not asked for since the last call. */
  keepAsked(): void {
    this.known = this.asked;
    this.asked = new Map();
  }
}

function sameTexts(a: StringMap, b: StringMap): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((n) => a[n] === b[n]);
}

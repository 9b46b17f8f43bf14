/** Names of the events that mean something to Vedette itself. */
export const PAGE_VIEW = "page_view";
/** Properties `name` (a vital's) and `value` (ms, or the layout shift score). */
export const WEB_VITAL = "web_vital";
/** Properties `message`, `source`, `line`, `column`, `stack`, `kind`. */
export const BROWSER_ERROR = "browser_error";

export interface VitalKind {
  /** Of the histogram, without suffix. */
  readonly metric: string;
  /** From the event's unit to the metric's. */
  readonly scale: number;
  /** Upper bounds in the metric's unit; web.dev's limits of good and poor are among them. */
  readonly bounds: readonly number[];
}

const MS = 0.001;

/** https://web.dev/articles/vitals. */
export const VITALS: Readonly<Record<string, VitalKind>> = {
  LCP: {
    metric: "web_vitals_lcp_seconds",
    scale: MS,
    bounds: [0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4, 6, 10, 20],
  },
  INP: {
    metric: "web_vitals_inp_seconds",
    scale: MS,
    bounds: [0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5],
  },
  CLS: {
    metric: "web_vitals_cls",
    scale: 1,
    bounds: [0, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1],
  },
  FCP: {
    metric: "web_vitals_fcp_seconds",
    scale: MS,
    bounds: [0.25, 0.5, 1, 1.8, 2.5, 3, 4, 6, 10],
  },
  TTFB: {
    metric: "web_vitals_ttfb_seconds",
    scale: MS,
    bounds: [0.05, 0.1, 0.2, 0.4, 0.8, 1.2, 1.8, 3, 6],
  },
};

import type { ReactNode } from "react";

/** Line icons of 24 units, drawn for this app; decoration only. */
const PATHS = {
  monitoring: "M3 12h4l3-8 4 16 3-8h4",
  alerts: "M12 3a6 6 0 0 0-6 6v4l-2 4h16l-2-4V9a6 6 0 0 0-6-6zM10 20h4",
  incidents: "M12 3 2 20h20zM12 10v4M12 17v.01",
  heartbeats: "M12 20 4 12a4.500 4.500 0 0 1 8-5 4.500 4.500 0 0 1 8 5zM6 12h4l2-3 2 5 1-2h3",
  receiver: "M3 13h5l2 3h4l2-3h5M5 5h14l2 8v6H3v-6z",
  receivers: "M4 12h6M10 12l5-6h5M10 12h10M10 12l5 6h5",
  logs: "M4 6h16M4 10h10M4 14h16M4 18h8",
  traces: "M3 6h10M7 11h10M11 16h10",
  events: "M12 3v4M12 17v4M3 12h4M17 12h4M12 9.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z",
  explore: "M4 20V10M10 20V4M16 20v-7M21 20H3",
  rules: "M4 5h16v14H4zM8 9h8M8 13h5",
  targets:
    "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 1v5M12 18v5M1 12h5M18 12h5",
  cardinality: "M4 4v16M8 7h11M8 12h7M8 17h3",
  reports: "M6 3h9l4 4v14H6zM9 12h7M9 16h7M9 8h3",
  tokens: "M14 10a4 4 0 1 1-3.500-4L20 6v4h-3v3h-3z",
  moon: "M20 14A8 8 0 0 1 10 4a8 8 0 1 0 10 10z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.400 1.400M17.600 17.600 19 19M5 19l1.400-1.400M17.600 6.400 19 5",
  out: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  check: "M5 13l4 4L19 7",
  pause: "M8 5v14M16 5v14",
  play: "M7 5v14l11-7z",
  refresh: "M20 6v5h-5M4 18v-5h5M19 11a7 7 0 0 0-13-2M5 13a7 7 0 0 0 13 2",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({
  name,
  size = 18,
}: {
  readonly name: IconName;
  readonly size?: number;
}): ReactNode {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.7}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

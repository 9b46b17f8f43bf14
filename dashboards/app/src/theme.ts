import { createTheme, type MantineColorsTuple } from "@mantine/core";

const teal: MantineColorsTuple = [
  "#e6fffa",
  "#c3fbf0",
  "#8ff5e2",
  "#57eed3",
  "#2fe3c5",
  "#2dd4bf",
  "#14b8a6",
  "#0f9488",
  "#0f766e",
  "#0b5a54",
];
/** Mantine's dark scale: text first, page background last. */
const dark: MantineColorsTuple = [
  "#d5dde8",
  "#a9b6c7",
  "#8595a9",
  "#5c6b80",
  "#3a475a",
  "#2a3546",
  "#1c2634",
  "#141c28",
  "#0e151f",
  "#0a1018",
];

export const theme = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 6 },
  colors: { teal, dark },
  fontFamily: "Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontFamilyMonospace:
    "ui-monospace, 'JetBrains Mono', 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  defaultRadius: "md",
  autoContrast: true,
  headings: { fontWeight: "600" },
  components: {
    Table: { defaultProps: { verticalSpacing: 6, horizontalSpacing: "sm", fz: "sm" } },
    Badge: { defaultProps: { radius: "sm", variant: "light" } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300 } },
  },
});

/** The colours of a figure's level, of severities and of log levels. */
export const LEVEL_COLOR = { unknown: "gray", fine: "teal", amber: "yellow", red: "red" } as const;

export function severityColor(severity: string | undefined): string {
  switch (severity) {
    case "critical":
    case "page":
      return "red";
    case "high":
    case "error":
      return "orange";
    case "warning":
    case "medium":
      return "yellow";
    case "info":
    case "low":
      return "blue";
    default:
      return "gray";
  }
}

export function logColor(level: string): string {
  switch (level.toLowerCase()) {
    case "fatal":
    case "critical":
    case "error":
      return "red";
    case "warn":
    case "warning":
      return "yellow";
    case "info":
      return "teal";
    default:
      return "gray";
  }
}

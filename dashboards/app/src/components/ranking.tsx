import { Box, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { NamedCount } from "../api/status";

/** Names with their counts as bars, the largest first. */
export function Ranking({
  counts,
  format,
  nameOf = (name) => name,
}: {
  readonly counts: readonly NamedCount[];
  readonly format: (value: number) => string;
  /** What is shown of a name; it may link to where it is looked into. */
  readonly nameOf?: (name: string) => ReactNode;
}): ReactNode {
  const most = counts.reduce((n, c) => Math.max(n, c.value), 1);
  if (counts.length === 0) {
    return (
      <Text p="md" fz="sm" c="dimmed">
        None
      </Text>
    );
  }
  return (
    <Box component="ol" p="xs" m={0} style={{ listStyle: "none" }}>
      {counts.map((c) => (
        <Box component="li" key={c.name} px={6} py={3} style={barOf(c.value / most)}>
          <Group justify="space-between" wrap="nowrap" gap="sm">
            <Text fz="xs" ff="monospace" className="vd-wrap" miw={0}>
              {nameOf(c.name)}
            </Text>
            <Text fz="xs" className="vd-num" style={{ whiteSpace: "nowrap" }}>
              {format(c.value)}
            </Text>
          </Group>
        </Box>
      ))}
    </Box>
  );
}

function barOf(share: number): { readonly background: string; readonly borderRadius: string } {
  const percent = `${(100 * share).toFixed(1)}%`;
  const fill = "light-dark(var(--mantine-color-blue-1), rgb(34 139 230 / 0.18))";
  return {
    background: `linear-gradient(to right, ${fill} ${percent}, transparent ${percent})`,
    borderRadius: "var(--mantine-radius-sm)",
  };
}

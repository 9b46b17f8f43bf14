import { Box, type BoxProps, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";

interface PanelProps extends BoxProps {
  readonly "data-testid"?: string;
  readonly title: string;
  readonly note?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A titled box, the unit of every page. */
export function Panel({ title, note, actions, children, ...box }: PanelProps): ReactNode {
  return (
    <Box component="section" className="vd-panel" aria-label={title} {...box}>
      <Group className="vd-panel-head" justify="space-between" gap="xs" wrap="nowrap">
        <Group gap={8} wrap="nowrap" miw={0}>
          <Text component="h2" fz="sm" fw={600} m={0} style={{ whiteSpace: "nowrap" }}>
            {title}
          </Text>
          {note !== undefined && (
            <Text fz="xs" c="dimmed" truncate>
              {note}
            </Text>
          )}
        </Group>
        {actions !== undefined && (
          <Group gap={6} wrap="nowrap">
            {actions}
          </Group>
        )}
      </Group>
      {children}
    </Box>
  );
}

import { Group, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

/** A page's title, also the document's, with its controls. */
export function PageHeader({
  title,
  note,
  children,
}: {
  readonly title: string;
  readonly note?: ReactNode;
  readonly children?: ReactNode;
}): ReactNode {
  useEffect(() => {
    document.title = `${title} · Vedette`;
  }, [title]);
  return (
    <Group justify="space-between" mb="sm" align="center" gap="xs">
      <Group gap="sm" align="baseline">
        <Title order={1} fz={20}>
          {title}
        </Title>
        {note !== undefined && (
          <Text fz="sm" c="dimmed">
            {note}
          </Text>
        )}
      </Group>
      <Group gap="xs">{children}</Group>
    </Group>
  );
}

import { ActionIcon, Box, CopyButton, Group, Stack, Text, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { Icon } from "../icons";

/** Nothing here yet, and what to paste so that there is. */
export function Empty({
  title,
  children,
  command,
}: {
  readonly title: string;
  readonly children?: ReactNode;
  readonly command?: string;
}): ReactNode {
  return (
    <Stack gap={6} p="md" align="stretch">
      <Text fz="sm" fw={500}>
        {title}
      </Text>
      {children !== undefined && (
        <Text fz="sm" c="dimmed">
          {children}
        </Text>
      )}
      {command !== undefined && <Command text={command} />}
    </Stack>
  );
}

/** A shell command to paste. */
export function Command({ text }: { readonly text: string }): ReactNode {
  return (
    <Group gap={6} wrap="nowrap" align="flex-start">
      <Box component="pre" className="vd-code" flex={1} tabIndex={0}>
        {text}
      </Box>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? "Copied" : "Copy"}>
            <ActionIcon variant="default" onClick={copy} aria-label="Copy the command">
              {copied ? <Icon name="check" size={16} /> : <CopyGlyph />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}

function CopyGlyph(): ReactNode {
  return (
    <svg
      width={16}
      height={16}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.7}
      aria-hidden="true"
    >
      <rect x="8" y="8" width="12" height="12" rx="2" />
      <path d="M16 8V4H4v12h4" />
    </svg>
  );
}

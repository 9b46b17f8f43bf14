import { Box, Button, Group, Text } from "@mantine/core";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { AppLink } from "../components/app-link";
import { PageHeader } from "../components/page-header";

/** A page that broke, or a server that does not answer. */
export function Failed({ error, reset }: ErrorComponentProps): ReactNode {
  const router = useRouter();
  return (
    <Box p="xl" role="alert">
      <PageHeader title="Something failed" />
      <Text mb="md" className="vd-wrap">
        {error instanceof Error ? error.message : String(error)}
      </Text>
      <Group>
        <Button
          onClick={() => {
            reset();
            void router.invalidate();
          }}
        >
          Try again
        </Button>
      </Group>
    </Box>
  );
}

export function NotFound(): ReactNode {
  return (
    <Box p="xl">
      <PageHeader title="No such page" />
      <AppLink to="/monitoring">To Monitoring</AppLink>
    </Box>
  );
}

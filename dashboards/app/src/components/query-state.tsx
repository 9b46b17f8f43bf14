import { Alert, Center, Loader } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

/** Shows an answer once there is one; before that that it loads, or why it failed. */
export function QueryState<T>({
  query,
  children,
}: {
  readonly query: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
}): ReactNode {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <ErrorNote error={query.error} stale />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <ErrorNote error={query.error} />;
  return (
    <Center p="lg">
      <Loader size="sm" aria-label="Loading" />
    </Center>
  );
}

export function ErrorNote({
  error,
  stale = false,
}: {
  readonly error: unknown;
  readonly stale?: boolean;
}): ReactNode {
  const message = error instanceof Error ? error.message : String(error);
  return (
    <Alert
      color="red"
      variant="light"
      m="sm"
      p="xs"
      title={stale ? "Could not be refreshed; this is what was known last" : "Could not be loaded"}
      role="alert"
    >
      <span className="vd-wrap">{message}</span>
    </Alert>
  );
}

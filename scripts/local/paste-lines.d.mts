/** What `npm start` prints once it is up. */
export function pasteLines(url: string, seconds: number, stateDir: string): string;

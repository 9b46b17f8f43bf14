export * from "./config";
export * from "./push";
export * from "./logs";
export * from "./traces";
export * from "./incidents";
export * from "./jobs";
export * from "./reports";
export * from "./events";

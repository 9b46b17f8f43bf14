import { describe } from "vitest";
import { MemoryStorage } from "./memory-storage";
import { storageContract } from "./storage-contract";

describe("the in-memory disk", () => {
  storageContract((test) => test(new MemoryStorage()));
});

import { defineConfig } from "vitest/config";

/** Tests run from their sources; the compiled copies in .build are left alone. */
export default defineConfig({
  test: {
    include: ["{emulator,tools,test}/**/*.test.ts"],
    // One for each processor: by itself it leaves one free, which of two is half.
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});

import { defineConfig } from "vitest/config";

/** Tests run from their sources; the compiled copies in .build are left alone. */
export default defineConfig({
  test: {
    include: ["{emulator,tools,test}/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});

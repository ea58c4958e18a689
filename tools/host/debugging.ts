/** Whether whoever started us wants to see stack traces. */
export const debugging = process.argv.includes("--debug") || process.env.TRAPFRAME_DEBUG !== undefined;

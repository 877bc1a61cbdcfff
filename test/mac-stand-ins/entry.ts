/**
 * Runs the helper as its sources are, on a machine that is made to look like a Mac. The platform is set before any of
 * them is loaded: nothing in the helper knows of this.
 */
Object.defineProperty(process, "platform", { value: "darwin" });
const { start } = await import("../../helper/main.ts");
await start();

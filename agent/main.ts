/** The agent and every command that needs no root. The launcher starts it; helper/start.ts does when rights were dropped. */
import { main } from "./cli/main.ts";

process.exit(await main(process.argv.slice(2)));

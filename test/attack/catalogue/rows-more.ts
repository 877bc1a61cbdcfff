/** What the threat catalogue lacked. */
import type { Row } from "./row.ts";

export const rowsMore: readonly Row[] = [];

/** Rows 31–60 of the threat catalogue. */
import type { Row } from "./row.ts";

export const rows3160: readonly Row[] = [];

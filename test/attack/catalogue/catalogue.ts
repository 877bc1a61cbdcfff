/** Every attack that is known, in the order of its number. */
import type { Row } from "./row.ts";
import { rows0130 } from "./rows-01-30.ts";
import { rows3160 } from "./rows-31-60.ts";
import { rowsFound } from "./rows-found.ts";
import { rowsMore } from "./rows-more.ts";

export const catalogue: readonly Row[] = [...rows0130, ...rows3160, ...rowsMore, ...rowsFound];

import { runPool } from "./pool.ts";

console.log(await runPool(Number(process.argv[2]), (l) => console.log(new Date().toISOString(), l)));

/** How often a race is run: `ROUNDS=50` for the long form. */
export const rounds = Number(process.env["ROUNDS"] ?? 5);

/** How often each race is run: 5 rounds, or as many as ROUNDS says. */
export const rounds = Number(process.env["ROUNDS"] ?? 5);

/** Whether a JSON value has lists and objects within each other on more than `most` levels. Never goes deeper itself. */
export function isDeeperThan(value: unknown, most: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return most === 0 || Object.values(value).some((each) => isDeeperThan(each, most - 1));
}

/** Work taken from a source as hands come free, so that neither the source nor the work piles up. */

/**
 * Runs `work` on every item, at most `hands` at once, and resolves when all are done. After the first error no further
 * item is taken; it is thrown when the work under way has ended.
 */
export async function runPool<T>(
  hands: number,
  items: AsyncIterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const source = items[Symbol.asyncIterator]();
  const errors: unknown[] = [];
  const hand = async () => {
    while (errors.length === 0) {
      try {
        const { done, value } = await source.next();
        if (done) return;
        await work(value);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: hands }, hand));
  if (errors.length === 0) return;
  await source.return?.();
  throw errors[0];
}

/** Resolves with `news`. Throws the signal's reason when that is aborted before. */
export async function unlessAborted<T>(news: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return news;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const stop = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([news, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
